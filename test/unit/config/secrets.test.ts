import { format, inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { resolveSettings } from '../../../src/config/resolve.js'
import { WorkerConfig } from '../../../src/config/worker-config.js'
import { setVariables, useCleanEnvironment } from './environment.js'
import { problemsOf } from './problems.js'

useCleanEnvironment()

/** Every way in which something ends up in a log. */
const prints: readonly [string, (value: unknown) => string][] = [
  ['inspect', (value) => inspect(value)],
  ['inspect of everything', (value) => inspect(value, { depth: null, showHidden: true })],
  ['inspect of a holder', (value) => inspect({ held: [value] }, { depth: null })],
  ['format %s', (value) => format('%s', value)],
  ['format %o', (value) => format('%o', value)],
  ['format %O', (value) => format('%O', value)],
  ['format %j', (value) => format('%j', value)],
  ['JSON', (value) => JSON.stringify(value)],
  ['JSON of a holder', (value) => JSON.stringify({ held: [value] })],
  ['text', (value) => String(value)],
]

/** All secrets of these tests contain this. */
const MARK = 'hush'

const full = () =>
  new WorkerConfig({
    WORKER_TOKEN: 'hush-shared',
    WORKER_INDIVIDUAL_TOKEN: 'hush-individual',
    ORCHESTRATORS_CONFIG: [{ url: 'http://config', token: 'hush-config' }],
    ORCHESTRATORS: [{ url: 'http://list-a', token: 'hush-list' }, { url: 'http://list-b' }],
    S3_ENDPOINT_URL: 'http://store',
    S3_ACCESS_KEY: 'hush-access',
    S3_SECRET_KEY: 'hush-secret',
  })

/** Every secret in a place where it is wrong. */
const broken = () => {
  setVariables({ ORCHESTRATORS_CONFIG: '[{"url": "http://a", "token": "hush' })
  const config = new WorkerConfig({
    WORKER_TOKEN: 'hush\n',
    WORKER_INDIVIDUAL_TOKEN: 'hush\u0007',
    ORCHESTRATOR_URL: 'ftp://user:hush@host',
    S3_ENDPOINT_URL: 'user:hush@store?key=hush#hush',
    S3_ACCESS_KEY: ' hush',
    S3_SECRET_KEY: 'hush ',
  })
  return config
}

const brokenEntries = () =>
  new WorkerConfig({
    ORCHESTRATORS: JSON.parse(`[
      "hush", ["hush"], {"url": "http://u:hush@a"}, {"url": "http://u:p/hush@a"}, {"url": "http://a?token=hush"},
      {"url": "http://b#hush"}, {"url": "http://c", "token": "hush\\u0000"}, {"url": "http://d", "token": ["hush"]}
    ]`),
  })

const readLists = () => {
  const entry = { url: 'http://x:hush@a', token: 'hush-token', secretKey: 'hush-key' }
  setVariables({ ORCHESTRATORS_CONFIG: JSON.stringify([entry]) })
  return new WorkerConfig()
}

it('lets code read and copy the entries of a list', () => {
  const [entry] = readLists().ORCHESTRATORS
  expect({ ...entry }).toEqual({
    ...{ url: 'http://x:hush@a', token: 'hush-token', secretKey: 'hush-key' },
    ...{ priority: 10, weight: 1 },
  })
})

describe.each(prints)('%s', (_name, print) => {
  it('shows no secret of a configuration', () => {
    expect(print(full())).not.toContain(MARK)
    expect(print(broken())).not.toContain(MARK)
    expect(print(brokenEntries().toJSON()['ORCHESTRATORS_CONFIG'])).not.toContain(MARK)
  })

  it('shows no secret of a list of orchestrators, nor of an entry', () => {
    for (const { ORCHESTRATORS, ORCHESTRATORS_CONFIG } of [full(), brokenEntries(), readLists()]) {
      for (const list of [ORCHESTRATORS, ORCHESTRATORS_CONFIG] as (readonly object[])[]) {
        for (const shown of [list, ...list]) expect(print(shown)).not.toContain(MARK)
      }
    }
  })

  it('shows no secret of the settings', () => {
    const { settings, warnings } = resolveSettings(full())
    for (const part of [settings, settings.orchestrators, settings.orchestrators[0], settings.s3, warnings])
      expect(print(part)).not.toContain(MARK)
  })

  it.each([
    ['attributes', broken],
    ['entries', brokenEntries],
  ])('shows no secret of an error about %s', (_what, make) => {
    let caught: unknown
    try {
      resolveSettings(make())
    } catch (error) {
      caught = error
    }
    expect(caught).toMatchObject({ name: 'ConfigError' })
    expect(print(caught)).not.toContain(MARK)
  })
})

describe('what is shown instead', () => {
  it('is *** in the problems, and the rest of a URL', () => {
    const shown = problemsOf(broken()).map(({ name, value }) => [name, value])
    expect(Object.fromEntries(shown)).toEqual({
      WORKER_TOKEN: '***',
      WORKER_INDIVIDUAL_TOKEN: '***',
      ORCHESTRATOR_URL: 'ftp://***@host',
      S3_ENDPOINT_URL: '***@store?***',
      S3_ACCESS_KEY: '***',
      S3_SECRET_KEY: '***',
    })
  })

  it('is *** in the configuration and the settings, next to what is no secret', () => {
    const printed = inspect(full())
    expect(printed).toMatch(/^WorkerConfig \{/)
    expect(printed).toContain("WORKER_TOKEN: '***'")
    expect(printed).toContain('WORKER_PORT: 8083')
    const { orchestrators, s3 } = JSON.parse(JSON.stringify(resolveSettings(full()).settings))
    expect(orchestrators[0]).toEqual({
      url: 'http://list-a',
      priority: 10,
      weight: 1,
      token: '***',
      generation: 'auto',
    })
    expect(s3).toEqual({
      endpointUrl: 'http://store',
      addressing: 'auto',
      accessKey: '***',
      secretKey: '***',
      defaultBucket: 'avtomatika-payloads',
      keyPrefix: '',
      maxConcurrency: 8,
      transferProgress: true,
    })
  })

  it('names no key that is not set', () => {
    expect(JSON.parse(JSON.stringify(resolveSettings(new WorkerConfig()).settings.s3))).toEqual({
      addressing: 'auto',
      defaultBucket: 'avtomatika-payloads',
      keyPrefix: '',
      maxConcurrency: 8,
      transferProgress: true,
    })
  })

  it('leaves the secrets readable in code', () => {
    const { settings } = resolveSettings(full())
    expect(settings.orchestrators.map(({ token }) => token)).toEqual(['hush-list', 'hush-individual'])
    expect(settings.s3.secretKey).toBe('hush-secret')
    expect(full().WORKER_TOKEN).toBe('hush-shared')
  })
})
