import { inspect } from 'node:util'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { goesDirectly } from '../../../src/config/proxy.js'
import { resolveSettings } from '../../../src/config/resolve.js'
import { WorkerConfig } from '../../../src/config/worker-config.js'
import { useCleanEnvironment } from './environment.js'

useCleanEnvironment()

const NAMES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']
beforeEach(() => {
  for (const name of NAMES) for (const each of [name, name.toLowerCase()]) vi.stubEnv(each, undefined)
})

const settingsFor = (ORCHESTRATOR_URL: string) =>
  resolveSettings(new WorkerConfig({ ORCHESTRATOR_URL, WORKER_TOKEN: 't' })).settings.orchestrators[0]
const proxyFor = (url: string) => settingsFor(url)?.proxyUrl

describe('§1.1.10 the proxy of an orchestrator', () => {
  test('is HTTP_PROXY for http: and HTTPS_PROXY for https:', () => {
    vi.stubEnv('HTTP_PROXY', 'http://one:3128')
    expect([proxyFor('http://o.example'), proxyFor('https://o.example')]).toEqual([
      'http://one:3128/',
      undefined,
    ])
    vi.stubEnv('HTTPS_PROXY', 'https://two')
    expect([proxyFor('http://o.example'), proxyFor('https://o.example')]).toEqual([
      'http://one:3128/',
      'https://two/',
    ])
  })

  test('is the variable in lower case first; an empty one turns the other one off', () => {
    vi.stubEnv('HTTP_PROXY', 'http://upper')
    vi.stubEnv('http_proxy', 'http://lower')
    expect(proxyFor('http://o.example')).toBe('http://lower/')
    vi.stubEnv('http_proxy', '')
    expect(proxyFor('http://o.example')).toBeUndefined()
  })

  test('needs no scheme', () => {
    vi.stubEnv('http_proxy', 'proxy.corp:3128')
    expect(proxyFor('http://o.example')).toBe('http://proxy.corp:3128/')
  })

  test.each(['socks5://proxy:1080', 'http://', 'http://a%ffb@proxy', '::'])('cannot be %s', (value) => {
    vi.stubEnv('HTTP_PROXY', value)
    expect(() => proxyFor('http://o.example')).toThrow(
      /HTTP_PROXY = .*expected the http:\/\/ or https:\/\/ URL/,
    )
    expect(proxyFor('https://o.example')).toBeUndefined()
    expect(proxyFor('http://127.0.0.1:8080')).toBeUndefined()
  })

  test('shows its password nowhere', () => {
    vi.stubEnv('HTTP_PROXY', 'http://me:geheim@proxy:3128')
    const settings = settingsFor('http://o.example')
    expect(settings?.proxyUrl).toBe('http://me:geheim@proxy:3128/')
    expect(inspect(settings) + JSON.stringify(settings)).not.toContain('geheim')
    vi.stubEnv('HTTP_PROXY', 'socks5://me:geheim@proxy')
    expect(() => settingsFor('http://o.example')).toThrow(/^(?!.*geheim)/s)
  })
})

describe('§1.1.10 without a proxy', () => {
  test.each([
    ['http://localhost:8080', ''],
    ['http://me.localhost', ''],
    ['http://127.0.0.1', ''],
    ['http://127.1.2.3', ''],
    ['http://[::1]:80', ''],
    ['http://a.example', '*'],
    ['http://a.example', 'a.example'],
    ['http://A.Example.', 'a.eXample'],
    ['http://b.a.example', 'a.example'],
    ['http://b.a.example', '.a.example'],
    ['http://b.a.example', '*.a.example'],
    ['http://a.example', 'x.example, a.example'],
    ['http://a.example', 'x.example a.example'],
    ['http://a.example:8080', 'a.example:8080'],
    ['http://a.example', 'a.example:80'],
    ['https://a.example', 'a.example:443'],
    ['http://10.1.2.3', '10.1.2.3'],
    ['http://10.1.2.3:81', '10.1.2.3:81'],
    ['http://10.1.2.3', '10.0.0.0/8'],
    ['http://[fd00::1]', 'fd00::1'],
    ['http://[fd00::1]', '[fd00::1]'],
    ['http://[fd00::1]:81', '[fd00::1]:81'],
    ['http://[fd00::1]', 'fd00::/16'],
  ])('is %s if NO_PROXY is "%s"', (url, noProxy) => {
    expect(goesDirectly(new URL(url), noProxy)).toBe(true)
  })

  test.each([
    ['http://a.example', ''],
    ['http://a.example', ' , '],
    ['http://aa.example', 'a.example'],
    ['http://a.example', 'b.a.example'],
    ['http://a.example', '.'],
    ['http://a.example:81', 'a.example:80'],
    ['http://a.example', 'a.example:443'],
    ['http://11.1.2.3', '10.0.0.0/8'],
    ['http://10.1.2.3', '10.0.0.0/33'],
    ['http://10.1.2.3', '10.0.0.0/x'],
    ['http://10.1.2.3', 'fd00::/8'],
    ['http://[fd00::1]', '10.0.0.0/8'],
    ['http://[fd00::1]:82', '[fd00::1]:81'],
    ['http://110.1.2.3', '10.1.2.3'],
    ['http://localhost.example', 'localhost'],
  ])('is not %s if NO_PROXY is "%s"', (url, noProxy) => {
    expect(goesDirectly(new URL(url), noProxy)).toBe(false)
  })
})
