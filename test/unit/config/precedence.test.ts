import { describe, expect, it, vi } from 'vitest'
import { resolveSettings } from '../../../src/config/resolve.js'
import { WorkerConfig } from '../../../src/config/worker-config.js'
import { setVariables, useCleanEnvironment } from './environment.js'

useCleanEnvironment()

const settingsOf = (...input: Parameters<typeof resolveSettings>) => resolveSettings(...input).settings

describe('option > attribute > variable > default', () => {
  it('takes the default when nothing is given', () => {
    const { workerType, maxConcurrentTasks } = settingsOf(new WorkerConfig())
    expect({ workerType, maxConcurrentTasks }).toEqual({
      workerType: 'generic-cpu-worker',
      maxConcurrentTasks: 10,
    })
  })

  it('takes the variable before the default', () => {
    setVariables({ WORKER_TYPE: 'from-variable', MAX_CONCURRENT_TASKS: '3' })
    const { workerType, maxConcurrentTasks } = settingsOf(new WorkerConfig())
    expect({ workerType, maxConcurrentTasks }).toEqual({ workerType: 'from-variable', maxConcurrentTasks: 3 })
  })

  it('takes an attribute given to the constructor of the configuration before the variable', () => {
    setVariables({ WORKER_TYPE: 'from-variable', MAX_CONCURRENT_TASKS: '3' })
    const config = new WorkerConfig({ WORKER_TYPE: 'from-override', MAX_CONCURRENT_TASKS: 4 })
    expect(settingsOf(config)).toMatchObject({ workerType: 'from-override', maxConcurrentTasks: 4 })
  })

  it('takes an attribute set later before the variable and the override', () => {
    setVariables({ WORKER_TYPE: 'from-variable', MAX_CONCURRENT_TASKS: '3' })
    const config = new WorkerConfig({ WORKER_TYPE: 'from-override', MAX_CONCURRENT_TASKS: 4 })
    config.WORKER_TYPE = 'from-code'
    config.MAX_CONCURRENT_TASKS = 5
    expect(settingsOf(config)).toMatchObject({ workerType: 'from-code', maxConcurrentTasks: 5 })
  })

  it('takes an option before everything else', () => {
    setVariables({ WORKER_TYPE: 'from-variable', MAX_CONCURRENT_TASKS: '3' })
    const config = new WorkerConfig({ WORKER_TYPE: 'from-override', MAX_CONCURRENT_TASKS: 4 })
    const settings = settingsOf(config, { workerType: 'from-option', maxConcurrentTasks: 6 })
    expect(settings).toMatchObject({ workerType: 'from-option', maxConcurrentTasks: 6 })
  })

  it('takes an option or override of undefined for one that is not given', () => {
    setVariables({ WORKER_TYPE: 'from-variable' })
    const config = new WorkerConfig({ WORKER_TYPE: undefined, CPU_CORES: undefined })
    const settings = settingsOf(config, { workerType: undefined, maxConcurrentTasks: undefined })
    expect(settings).toMatchObject({
      workerType: 'from-variable',
      maxConcurrentTasks: 10,
      resources: { cpuCores: 4 },
    })
  })

  it('does not check what a stronger value replaces', () => {
    setVariables({
      MAX_CONCURRENT_TASKS: 'many',
      CPU_CORES: 'some',
      ORCHESTRATOR_URL: 'nowhere',
      WORKER_PORT: 'x',
    })
    const config = new WorkerConfig({ RESOURCES: { cpuCores: 2 }, ORCHESTRATORS: [{ url: 'http://a' }] })
    config.WORKER_PORT = 0
    expect(settingsOf(config, { maxConcurrentTasks: 1 })).toMatchObject({
      maxConcurrentTasks: 1,
      workerPort: 0,
    })
  })
})

describe('the environment', () => {
  it.each(['', ' ', '\n'])('counts %j as not set', (blank) => {
    setVariables({ MAX_CONCURRENT_TASKS: blank, WORKER_TOKEN: blank, GPU_MODEL: blank })
    const { settings } = resolveSettings(new WorkerConfig())
    expect(settings.maxConcurrentTasks).toBe(10)
    expect(settings.orchestrators[0]?.token).toBe('your-secret-worker-token')
    expect(settings.resources).toEqual({ cpuCores: 4 })
  })

  it('is trimmed: a secret read from a file ends in a line break', () => {
    setVariables({ WORKER_TOKEN: 's3cret\n' })
    expect(settingsOf(new WorkerConfig()).orchestrators[0]?.token).toBe('s3cret')
  })

  it('is read when the configuration is made, and not again', () => {
    setVariables({ WORKER_TYPE: 'early' })
    const config = new WorkerConfig()
    vi.stubEnv('WORKER_TYPE', 'late')
    expect(settingsOf(config).workerType).toBe('early')
  })
})

describe('tokens', () => {
  const tokens = (config: WorkerConfig) =>
    Object.fromEntries(settingsOf(config).orchestrators.map(({ url, token }) => [url, token]))
  const two = [{ url: 'http://a', token: 'of-a' }, { url: 'http://b' }]

  it('takes the shared token', () => {
    expect(tokens(new WorkerConfig({ WORKER_TOKEN: 'shared', ORCHESTRATORS: two }))).toEqual({
      'http://a': 'of-a',
      'http://b': 'shared',
    })
  })

  it('takes the individual token before the shared one, and the token of the entry before both', () => {
    setVariables({ WORKER_INDIVIDUAL_TOKEN: 'mine', WORKER_TOKEN: 'shared' })
    expect(tokens(new WorkerConfig({ ORCHESTRATORS: two }))).toEqual({
      'http://a': 'of-a',
      'http://b': 'mine',
    })
  })
})
