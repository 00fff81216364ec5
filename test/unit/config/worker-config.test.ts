import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { resolveSettings } from '../../../src/config/resolve.js'
import { redact } from '../../../src/config/secrets.js'
import { defaultOf, VARIABLE_NAMES, variable } from '../../../src/config/variables.js'
import { WorkerConfig } from '../../../src/config/worker-config.js'
import { setVariables, useCleanEnvironment } from './environment.js'

useCleanEnvironment()

describe('defaults', () => {
  it('are those of the table, and of the machine', () => {
    const { WORKER_ID, ...attributes } = new WorkerConfig().toJSON()
    expect(WORKER_ID).toMatch(/^worker-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(attributes).toEqual({
      ...Object.fromEntries(
        VARIABLE_NAMES.slice(1).map((name) => [name, redact(defaultOf(name), variable(name).kind.hides)]),
      ),
      ORCHESTRATORS: [{ url: 'http://localhost:8080', priority: 10, weight: 1 }],
      HOSTNAME: hostname(),
      IP_ADDRESS: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/),
      RESOURCES: { cpuCores: 4 },
      EXTRA_CAPABILITIES: {},
    })
  })

  it('lead to these settings besides those of the table', () => {
    const { settings } = resolveSettings(
      new WorkerConfig({ WORKER_ID: 'w1', HOSTNAME: 'h', IP_ADDRESS: '10.0.0.9' }),
    )
    const fromTable = VARIABLE_NAMES.map((name) => variable(name).setting?.split('.')[0])
    const others = Object.entries(settings).filter(([name]) => !fromTable.includes(name))
    expect(Object.fromEntries(others)).toEqual({
      workerIdIsMadeUp: false,
      hostname: 'h',
      ipAddress: '10.0.0.9',
      resources: { cpuCores: 4 },
      extra: {},
      taskTypeLimits: {},
      skillDependencies: {},
      orchestrators: [
        {
          url: 'http://localhost:8080',
          priority: 10,
          weight: 1,
          token: 'your-secret-worker-token',
          generation: 'auto',
        },
      ],
      stateDir: join(process.env['XDG_STATE_HOME'] ?? '', 'avtomatika-worker', 'w1'),
      stateDirIsDefault: true,
      taskFilesDirIsDefault: true,
      isInPod: false,
    })
    expect(Object.keys(settings.tls)).toEqual([])
  })

  it('gives each configuration a name and containers of its own', () => {
    const [one, other] = [new WorkerConfig(), new WorkerConfig()]
    one.COST_PER_SKILL['resize'] = 1
    expect(other.COST_PER_SKILL).toEqual({})
    expect(one.WORKER_ID).not.toBe(other.WORKER_ID)
  })
})

describe('EXTRA_CAPABILITIES', () => {
  it('are the variables WORKER_EXTRA_<NAME>, JSON where they look like it', () => {
    vi.stubEnv('WORKER_EXTRA_ZONE', ' eu ')
    vi.stubEnv('WORKER_EXTRA_Ports', '[1, {"a": 2}]')
    vi.stubEnv('WORKER_EXTRA_BROKEN', '{eu}')
    vi.stubEnv('WORKER_EXTRA_BLANK', ' ')
    expect(new WorkerConfig().EXTRA_CAPABILITIES).toEqual({
      zone: 'eu',
      ports: [1, { a: 2 }],
      broken: '{eu}',
    })
  })
})

describe('HOSTNAME and IP_ADDRESS', () => {
  it('are not variables: many shells and containers set HOSTNAME', () => {
    vi.stubEnv('HOSTNAME', 'from-shell')
    vi.stubEnv('IP_ADDRESS', 'from-shell')
    expect(new WorkerConfig()).toMatchObject({
      HOSTNAME: hostname(),
      IP_ADDRESS: expect.stringMatching(/^\d/),
    })
  })
})

describe('variables', () => {
  it('reads each kind of text', () => {
    setVariables({
      WORKER_ID: 'eu-1:gpu_0.a',
      WORKER_PORT: '0',
      COST_PER_SKILL: '{"resize": 0.5}',
      GPU_MODEL: 'RTX 4090',
      GPU_VRAM_GB: '24',
      INSTALLED_SOFTWARE: '{"ffmpeg": "7.1"}',
      INSTALLED_MODELS: '[{"name": "m1"}]',
      HEARTBEAT_INTERVAL: '2.5',
      IDLE_POLL_DELAY: '0',
      WORKER_ENABLE_WEBSOCKETS: 'Yes',
      MULTI_ORCHESTRATOR_MODE: 'round_robin',
      S3_ENDPOINT_URL: 'http://store:9000/',
      S3_ACCESS_KEY: 'ak',
      S3_SECRET_KEY: 'sk',
      LOG_LEVEL: 'WARNING',
    })
    const { settings } = resolveSettings(new WorkerConfig())
    expect(settings).toMatchObject({
      workerId: 'eu-1:gpu_0.a',
      workerPort: 0,
      costPerSkill: { resize: 0.5 },
      resources: { cpuCores: 4, gpu: { model: 'RTX 4090', vramGb: 24 } },
      installedSoftware: { ffmpeg: '7.1' },
      installedModels: [{ name: 'm1' }],
      heartbeatIntervalMs: 2_500,
      idlePollDelayMs: 0,
      websocketsEnabled: true,
      orchestratorMode: 'round-robin',
      s3: { endpointUrl: 'http://store:9000', accessKey: 'ak', secretKey: 'sk' },
      logLevel: 'warn',
    })
  })

  it.each([
    ['true', true],
    ['1', true],
    ['YES', true],
    ['On', true],
    ['FALSE', false],
    ['0', false],
    ['no', false],
    ['off', false],
  ])('reads the switch %s as %s', (text, expected) => {
    setVariables({ WORKER_ENABLE_WEBSOCKETS: text })
    expect(new WorkerConfig().WORKER_ENABLE_WEBSOCKETS).toBe(expected)
  })

  it.each([
    ['failover', 'failover'],
    ['Waterfall', 'waterfall'],
    ['ROUND_ROBIN', 'round-robin'],
  ])('reads the mode %s as %s', (text, expected) => {
    setVariables({ MULTI_ORCHESTRATOR_MODE: text })
    expect(resolveSettings(new WorkerConfig()).settings.orchestratorMode).toBe(expected)
  })

  it.each([
    ['TRACE', 'trace'],
    ['Debug', 'debug'],
    ['warn', 'warn'],
    ['ERROR', 'error'],
    ['fatal', 'fatal'],
    ['CRITICAL', 'fatal'],
    ['silent', 'silent'],
  ])('reads the level %s as %s', (text, expected) => {
    setVariables({ LOG_LEVEL: text })
    expect(resolveSettings(new WorkerConfig()).settings.logLevel).toBe(expected)
  })

  it('keeps the text of an unreadable variable until code sets the attribute', () => {
    setVariables({ MAX_CONCURRENT_TASKS: 'many', COST_PER_SKILL: '{' })
    const config = new WorkerConfig()
    expect(config.MAX_CONCURRENT_TASKS).toBe('many')
    expect(config.COST_PER_SKILL).toBe('{')
    config.MAX_CONCURRENT_TASKS = 2
    config.COST_PER_SKILL = { a: 1 }
    expect(resolveSettings(config).settings).toMatchObject({ maxConcurrentTasks: 2, costPerSkill: { a: 1 } })
  })
})

describe('RESOURCES', () => {
  it('follows the attributes it comes from until code sets it, and again after undefined', () => {
    const config = new WorkerConfig({ CPU_CORES: 8 })
    config.GPU_MODEL = 'A100'
    config.GPU_VRAM_GB = 80
    expect(config.RESOURCES).toEqual({ cpuCores: 8, gpu: { model: 'A100', vramGb: 80 } })
    config.RESOURCES = { cpuCores: 2 }
    expect(config.RESOURCES).toEqual({ cpuCores: 2 })
    expect(resolveSettings(config).settings.resources).toEqual({ cpuCores: 2 })
    config.RESOURCES = undefined
    expect(config.RESOURCES.cpuCores).toBe(8)
  })
})

describe('settings', () => {
  it('are frozen all through and share nothing with the caller', () => {
    const software = { node: { version: '20' } }
    const limits = { video: 1 }
    const models = ['m1']
    const { settings, warnings } = resolveSettings(new WorkerConfig({ INSTALLED_SOFTWARE: software }), {
      taskTypeLimits: limits,
      skillDependencies: { gen: models },
    })
    software.node.version = '22'
    limits.video = 9
    models.push('m2')
    expect(settings.installedSoftware).toEqual({ node: { version: '20' } })
    expect(settings.taskTypeLimits).toEqual({ video: 1 })
    expect(settings.skillDependencies).toEqual({ gen: ['m1'] })
    const parts = [
      settings,
      settings.installedSoftware['node'],
      settings.orchestrators,
      settings.orchestrators[0],
    ]
    for (const part of [...parts, settings.s3, settings.skillDependencies['gen'], warnings])
      expect(Object.isFrozen(part)).toBe(true)
  })

  it('have no limit for a type named like a member of every object', () => {
    const { settings } = resolveSettings(new WorkerConfig(), { taskTypeLimits: { video: 1 } })
    expect(settings.taskTypeLimits['constructor']).toBeUndefined()
    expect(settings.skillDependencies['toString']).toBeUndefined()
  })
})

describe('warnings', () => {
  it('are none when everything is set', () => {
    expect(resolveSettings(new WorkerConfig({ WORKER_TOKEN: 't' })).warnings).toEqual([])
  })

  it('tell of the default token and where it is used', () => {
    const { warnings } = resolveSettings(
      new WorkerConfig({ ORCHESTRATORS: [{ url: 'http://a', token: 'own' }, { url: 'http://b' }] }),
    )
    expect(warnings).toEqual([expect.stringMatching(/default token.* http:\/\/b: set WORKER_TOKEN/)])
  })

  it('tell of an attribute that does not exist', () => {
    const config = Object.assign(new WorkerConfig({ WORKER_TOKEN: 't' }), { MAX_CONCURENT_TASKS: 5 })
    expect(resolveSettings(config).warnings).toEqual([expect.stringContaining('MAX_CONCURENT_TASKS')])
  })
})

describe('the state directory', () => {
  const stateDir = (values: ConstructorParameters<typeof WorkerConfig>[0] = {}) =>
    resolveSettings(new WorkerConfig(values)).settings.stateDir

  it('is named after the worker, in the state directory of the user', () => {
    vi.stubEnv('XDG_STATE_HOME', '/var/state')
    expect(stateDir({ WORKER_ID: 'gpu:1' })).toBe('/var/state/avtomatika-worker/gpu%3A1')
    vi.stubEnv('XDG_STATE_HOME', 'not/absolute')
    vi.stubEnv('HOME', '/home/me')
    expect(stateDir({ WORKER_ID: 'w1' })).toBe('/home/me/.local/state/avtomatika-worker/w1')
  })

  it('is WORKER_STATE_DIR itself where that is set', () => {
    setVariables({ WORKER_STATE_DIR: '/data/w1' })
    expect(stateDir()).toBe('/data/w1')
  })

  it('belongs to a made-up id where nobody chose one', () => {
    const isMadeUp = (values: ConstructorParameters<typeof WorkerConfig>[0] = {}) =>
      resolveSettings(new WorkerConfig(values)).settings.workerIdIsMadeUp
    expect(isMadeUp()).toBe(true)
    expect(isMadeUp({ WORKER_ID: 'w1' })).toBe(false)
    setVariables({ WORKER_ID: 'w2' })
    expect(isMadeUp()).toBe(false)
  })
})
