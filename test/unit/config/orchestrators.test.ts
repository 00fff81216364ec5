import { describe, expect, it } from 'vitest'
import { resolveSettings } from '../../../src/config/resolve.js'
import { WorkerConfig } from '../../../src/config/worker-config.js'
import { setVariables, useCleanEnvironment } from './environment.js'
import { problemsOf } from './problems.js'

useCleanEnvironment()

const urlsOf = (config: WorkerConfig) => config.ORCHESTRATORS.map(({ url }) => url)

const resolved = (config: WorkerConfig) => {
  config.WORKER_TOKEN = 't'
  const { settings, warnings } = resolveSettings(config)
  return { urls: settings.orchestrators.map(({ url }) => url), warnings }
}

describe('where the list comes from', () => {
  it('is localhost when nothing is said', () => {
    expect(resolved(new WorkerConfig())).toEqual({ urls: ['http://localhost:8080'], warnings: [] })
  })

  it('is ORCHESTRATOR_URL, set as a variable or later in code', () => {
    setVariables({ ORCHESTRATOR_URL: 'http://variable:1' })
    const config = new WorkerConfig()
    expect(urlsOf(config)).toEqual(['http://variable:1'])
    config.ORCHESTRATOR_URL = 'http://code:1'
    expect(urlsOf(config)).toEqual(['http://code:1'])
    expect(resolved(config).urls).toEqual(['http://code:1'])
  })

  it('is ORCHESTRATORS_CONFIG when both variables are set', () => {
    setVariables({ ORCHESTRATOR_URL: 'http://single', ORCHESTRATORS_CONFIG: '[{"url": "http://several"}]' })
    expect(resolved(new WorkerConfig())).toEqual({ urls: ['http://several'], warnings: [] })
  })

  it('is ORCHESTRATOR_URL set in code before the variable ORCHESTRATORS_CONFIG, with a warning', () => {
    setVariables({ ORCHESTRATORS_CONFIG: '[{"url": "http://several"}]' })
    expect(resolved(new WorkerConfig({ ORCHESTRATOR_URL: 'http://code' }))).toEqual({
      urls: ['http://code'],
      warnings: ['ORCHESTRATORS_CONFIG is ignored: ORCHESTRATOR_URL was set in code, to http://code'],
    })
  })

  it('is ORCHESTRATORS_CONFIG set in code, as a list or as text', () => {
    const config = new WorkerConfig({ ORCHESTRATOR_URL: 'http://single' })
    config.ORCHESTRATORS_CONFIG = [{ url: 'http://list' }]
    expect(resolved(config).urls).toEqual(['http://list'])
    config.ORCHESTRATORS_CONFIG = '[{"url": "http://text"}]'
    expect(resolved(config).urls).toEqual(['http://text'])
    config.ORCHESTRATORS_CONFIG = []
    expect(resolved(config).urls).toEqual(['http://single'])
  })

  it('is ORCHESTRATORS before all else, until it is set to undefined', () => {
    setVariables({ ORCHESTRATORS_CONFIG: '[{"url": "http://several"}]' })
    const config = new WorkerConfig({ ORCHESTRATORS: [{ url: 'http://own' }] })
    config.ORCHESTRATOR_URL = 'http://single'
    expect(resolved(config)).toEqual({ urls: ['http://own'], warnings: [] })
    config.ORCHESTRATORS = undefined
    expect(resolved(config).urls).toEqual(['http://single'])
  })
})

describe('a broken ORCHESTRATORS_CONFIG', () => {
  it.each(['[{"url": "http://a"', 'nonsense', '{"url": "http://a"}', '"http://a"', '5', 'null', 'true'])(
    'falls back to ORCHESTRATOR_URL with a warning: %s',
    (text) => {
      setVariables({ ORCHESTRATORS_CONFIG: text, ORCHESTRATOR_URL: 'http://single' })
      expect(resolved(new WorkerConfig())).toEqual({
        urls: ['http://single'],
        warnings: [
          'ORCHESTRATORS_CONFIG is not a JSON list; ORCHESTRATOR_URL is used instead: http://single',
        ],
      })
    },
  )

  it('counts an empty list as not set', () => {
    setVariables({ ORCHESTRATORS_CONFIG: '[]', ORCHESTRATOR_URL: 'http://single' })
    expect(resolved(new WorkerConfig())).toEqual({ urls: ['http://single'], warnings: [] })
  })
})

describe('the entries', () => {
  const entries = [
    { url: 'http://spare', priority: 20, weight: 5 },
    { url: 'http://b', token: null, priority: null },
    { url: 'http://a', weight: 0.5 },
    { url: 'http://first', priority: -1 },
  ]

  it('are ordered by priority, those of equal priority as they are listed, and have their defaults', () => {
    setVariables({ ORCHESTRATORS_CONFIG: JSON.stringify(entries) })
    const config = new WorkerConfig({ WORKER_TOKEN: 't' })
    expect(config.ORCHESTRATORS.map(({ url, priority, weight }) => [url, priority, weight])).toEqual([
      ['http://first', -1, 1],
      ['http://b', 10, 1],
      ['http://a', 10, 0.5],
      ['http://spare', 20, 5],
    ])
    expect(resolveSettings(config).settings.orchestrators).toEqual([
      { url: 'http://first', priority: -1, weight: 1, token: 't', generation: 'auto' },
      { url: 'http://b', priority: 10, weight: 1, token: 't', generation: 'auto' },
      { url: 'http://a', priority: 10, weight: 0.5, token: 't', generation: 'auto' },
      { url: 'http://spare', priority: 20, weight: 5, token: 't', generation: 'auto' },
    ])
  })

  it.each([
    ['http://localhost:8080/', 'http://localhost:8080'],
    ['HTTPS://Example.COM:443//', 'https://example.com'],
    ['http://gate/avtomatika/', 'http://gate/avtomatika'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
  ])('have the URL %s as %s', (written, settled) => {
    expect(resolved(new WorkerConfig({ ORCHESTRATOR_URL: written })).urls).toEqual([settled])
  })

  it('can be read while they are wrong', () => {
    setVariables({ ORCHESTRATORS_CONFIG: '[null, "x", {"priority": "high"}, {"url": 5, "priority": 1}]' })
    expect(new WorkerConfig().ORCHESTRATORS).toHaveLength(2)
  })
})

describe('§2.3.7 a key with the protocol classic', () => {
  const WRONG = expect.stringContaining(
    'no key with the protocol classic, because that generation has no signatures',
  )
  const list = (...entries: object[]) =>
    new WorkerConfig({ ORCHESTRATOR_SECRET_KEY: 'hush', WORKER_TOKEN: 't', ORCHESTRATORS: entries as [] })

  it('is refused, for the only orchestrator and for one of a list', () => {
    const single = new WorkerConfig({ ORCHESTRATOR_SECRET_KEY: 'hush', ORCHESTRATOR_PROTOCOL: 'classic' })
    expect(problemsOf(single)).toEqual([{ name: 'ORCHESTRATOR_SECRET_KEY', value: '***', expected: WRONG }])
    const several = list({ url: 'http://a' }, { url: 'http://b', protocol: 'classic' })
    expect(problemsOf(several)).toEqual([
      { name: 'ORCHESTRATORS[1].secretKey', value: '***', expected: WRONG },
    ])
    const own = new WorkerConfig({
      ORCHESTRATORS: [{ url: 'http://a', protocol: 'classic', secretKey: 'hush' }],
    })
    expect(problemsOf(own).map(({ name }) => name)).toEqual(['ORCHESTRATORS[0].secretKey'])
  })

  it('is left out by an empty secretKey, with a warning', () => {
    const { settings, warnings } = resolveSettings(
      list({ url: 'http://a' }, { url: 'http://b', protocol: 'classic', secretKey: '' }),
    )
    expect(settings.orchestrators.map(({ taskKey }) => taskKey)).toEqual(['hush', undefined])
    expect(warnings).toEqual(['Task signatures are not verified for http://b: the entry has no secretKey'])
  })

  it('is no matter without a key, and none of the other protocols', () => {
    expect(problemsOf(new WorkerConfig({ ORCHESTRATOR_PROTOCOL: 'classic' }))).toEqual([])
    expect(
      problemsOf(list({ url: 'http://a', protocol: 'rxon' }, { url: 'http://b', protocol: 'auto' })),
    ).toEqual([])
  })

  it('is missing if TASK_MAX_AGE is set and no orchestrator has one', () => {
    const config = new WorkerConfig({ TASK_MAX_AGE: 60 })
    expect(problemsOf(config)).toEqual([
      {
        name: 'ORCHESTRATOR_SECRET_KEY',
        value: '(not set)',
        expected: 'a key, because TASK_MAX_AGE is set',
      },
    ])
    config.ORCHESTRATORS = [{ url: 'http://a' }, { url: 'http://b', secretKey: 'k' }]
    expect(resolveSettings(config).settings.taskMaxAgeMs).toBe(60_000)
  })
})
