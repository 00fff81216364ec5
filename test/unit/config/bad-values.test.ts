import { describe, expect, it } from 'vitest'
import { resolveSettings } from '../../../src/config/resolve.js'
import type { WorkerConfigOverrides } from '../../../src/config/values.js'
import type { VariableName } from '../../../src/config/variables.js'
import { WorkerConfig } from '../../../src/config/worker-config.js'
import { setVariables, useCleanEnvironment } from './environment.js'
import { problemsOf } from './problems.js'

useCleanEnvironment()

const COUNT = ['0', '-1', '1.5', 'ten', '1e400', 'NaN', 'Infinity', '0x10', '1_000', '9007199254740993']
const DELAY = ['-1', '-0.001', 'soon', '1e400', 'NaN', '604801', '5s', '1,5']
const INTERVAL = [...DELAY, '0', '0.0001']

const badVariables: Partial<Record<VariableName, readonly string[]>> = {
  WORKER_ID: ['a b', 'a/b', '.', '..', 'ü', 'x'.repeat(129), 'a\nb', 'a%2e', 'w?1'],
  WORKER_TYPE: ['a\u0007b'],
  WORKER_PORT: ['-1', '65536', '80.5', 'http', 'NaN'],
  ORCHESTRATOR_URL: [
    'nowhere',
    'ftp://a',
    '//a',
    'http://',
    'http:a',
    'http://a b',
    'http://a:70000',
    'http://user@a',
    'http://:pw@a',
    'http://a#b',
    'http://a?b=1',
  ],
  MULTI_ORCHESTRATOR_MODE: ['RANDOM', 'FAIL OVER', 'constructor'],
  MAX_CONCURRENT_TASKS: COUNT,
  COST_PER_SKILL: ['{', '[]', '5', 'null', '{"a": -1}', '{"a": "1"}', '{"a": null}', '"a"'],
  CPU_CORES: COUNT,
  GPU_MODEL: ['a\u0007b'],
  GPU_VRAM_GB: ['-1', 'lots', 'Infinity'],
  INSTALLED_SOFTWARE: ['{', '[]', 'null', 'node'],
  INSTALLED_MODELS: ['[', '{}', 'null', 'm1'],
  HEARTBEAT_INTERVAL: INTERVAL,
  WORKER_HEARTBEAT_DEBOUNCE_DELAY: DELAY,
  WORKER_ENABLE_WEBSOCKETS: ['maybe', '2', 'y'],
  RESULT_MAX_RETRIES: ['-1', '0.5', 'all'],
  RESULT_RETRY_INITIAL_DELAY: INTERVAL,
  TASK_POLL_TIMEOUT: INTERVAL,
  TASK_POLL_ERROR_DELAY: INTERVAL,
  IDLE_POLL_DELAY: DELAY,
  WORKER_SHUTDOWN_TIMEOUT: DELAY,
  S3_ENDPOINT_URL: ['store:9000', 's3://bucket'],
  S3_DEFAULT_BUCKET: ['a/b', 'a b'],
  LOG_LEVEL: ['loud', '30'],
}

describe.each(Object.entries(badVariables))('%s', (name, texts) => {
  it.each(texts.map((text) => [text]))('is refused as %j', (text) => {
    setVariables({ [name]: text })
    const problems = problemsOf(new WorkerConfig())
    expect(problems).toEqual([{ name, value: expect.any(String), expected: expect.stringMatching(/\w{3}/) }])
  })
})

const wrong = (overrides: Record<string, unknown>) => new WorkerConfig(overrides as WorkerConfigOverrides)
const cyclic: Record<string, unknown> = {}
cyclic['self'] = cyclic

describe('attributes set in code', () => {
  it.each([
    ['WORKER_ID', ''],
    ['WORKER_ID', 5],
    ['WORKER_TYPE', ' '],
    ['WORKER_PORT', Number.NaN],
    ['WORKER_PORT', '8083'],
    ['WORKER_TOKEN', ''],
    ['WORKER_TOKEN', 'line\nbreak'],
    ['WORKER_TOKEN', 'ключ'],
    ['WORKER_INDIVIDUAL_TOKEN', ''],
    ['WORKER_INDIVIDUAL_TOKEN', null],
    ['ORCHESTRATOR_URL', ''],
    ['ORCHESTRATOR_URL', new URL('http://a')],
    ['MAX_CONCURRENT_TASKS', -1],
    ['MAX_CONCURRENT_TASKS', Number.POSITIVE_INFINITY],
    ['MAX_CONCURRENT_TASKS', 10n],
    ['HEARTBEAT_INTERVAL', Number.NaN],
    ['HEARTBEAT_INTERVAL', Number.POSITIVE_INFINITY],
    ['COST_PER_SKILL', { a: Number.NaN }],
    ['COST_PER_SKILL', []],
    ['INSTALLED_SOFTWARE', cyclic],
    ['INSTALLED_SOFTWARE', { a: 1n }],
    ['INSTALLED_SOFTWARE', { a: () => 1 }],
    ['INSTALLED_MODELS', { name: 'm1' }],
    ['WORKER_ENABLE_WEBSOCKETS', 'true'],
    ['MULTI_ORCHESTRATOR_MODE', 1],
    ['TASK_FILES_DIR', ''],
    ['TASK_FILES_DIR', '/tmp/a\0b'],
    ['GPU_MODEL', 'a\0b'],
    ['S3_ACCESS_KEY', ''],
    ['HOSTNAME', ''],
    ['IP_ADDRESS', 'here'],
    ['RESOURCES', 4],
    ['ORCHESTRATORS', []],
    ['ORCHESTRATORS', 'http://a'],
    ['ORCHESTRATORS', null],
  ])('%s = %o is refused', (name, value) => {
    expect(problemsOf(wrong({ [name]: value })).map((problem) => problem.name)).toEqual([name])
  })

  it('names the member of RESOURCES', () => {
    const names = (resources: unknown) => problemsOf(wrong({ RESOURCES: resources })).map(({ name }) => name)
    expect(names({ cpuCores: 0.5, gpu: { model: '', vramGb: -1 } })).toEqual([
      'RESOURCES.cpuCores',
      'RESOURCES.gpu.model',
      'RESOURCES.gpu.vramGb',
    ])
    expect(names({ cpuCores: 1, gpu: 'A100' })).toEqual(['RESOURCES.gpu'])
  })
})

describe('entries of a list of orchestrators', () => {
  it.each([
    ['[5]', '[0]'],
    ['[null]', '[0]'],
    ['["http://a"]', '[0]'],
    ['[{}]', '[0].url'],
    ['[{"url": ""}]', '[0].url'],
    ['[{"url": "a"}]', '[0].url'],
    ['[{"url": "http://a"}, {"url": "ftp://b"}]', '[1].url'],
    ['[{"url": "http://a"}, {"url": "HTTP://A:80/"}]', '[1].url'],
    ['[{"url": "http://a", "weight": 0}]', '[0].weight'],
    ['[{"url": "http://a", "weight": -1}]', '[0].weight'],
    ['[{"url": "http://a", "weight": "1"}]', '[0].weight'],
    ['[{"url": "http://a", "priority": "high"}]', '[0].priority'],
    ['[{"url": "http://a", "priority": 1e999}]', '[0].priority'],
    ['[{"url": "http://a", "token": ""}]', '[0].token'],
    ['[{"url": "http://a", "token": 5}]', '[0].token'],
  ])('%s: %s is refused', (text, place) => {
    setVariables({ ORCHESTRATORS_CONFIG: text })
    expect(problemsOf(new WorkerConfig()).map(({ name }) => name)).toEqual([`ORCHESTRATORS_CONFIG${place}`])
    const inCode = wrong({ ORCHESTRATORS: JSON.parse(text) })
    expect(problemsOf(inCode).map(({ name }) => name)).toEqual([`ORCHESTRATORS${place}`])
  })

  it('says that a URL is there twice', () => {
    const config = new WorkerConfig({ ORCHESTRATORS: [{ url: 'http://a' }, { url: 'http://a/' }] })
    expect(problemsOf(config)).toEqual([
      { name: 'ORCHESTRATORS[1].url', value: 'http://a', expected: 'a URL that no other entry has' },
    ])
  })
})

describe('constructor options', () => {
  it.each([
    [{ workerType: '' }, 'workerType'],
    [{ maxConcurrentTasks: -1 }, 'maxConcurrentTasks'],
    [{ maxConcurrentTasks: 0 }, 'maxConcurrentTasks'],
    [{ maxConcurrentTasks: '5' }, 'maxConcurrentTasks'],
    [{ maxConcurrentTasks: null }, 'maxConcurrentTasks'],
    [{ taskTypeLimits: { video: -1 } }, 'taskTypeLimits.video'],
    [{ taskTypeLimits: { video: 1.5 } }, 'taskTypeLimits.video'],
    [{ taskTypeLimits: { video: 0 } }, 'taskTypeLimits.video'],
    [{ taskTypeLimits: [1] }, 'taskTypeLimits'],
    [{ skillDependencies: { gen: 'm1' } }, 'skillDependencies.gen'],
    [{ skillDependencies: { gen: ['m1', 5] } }, 'skillDependencies.gen[1]'],
    [{ skillDependencies: 'm1' }, 'skillDependencies'],
  ])('%o is refused under its own name', (options, name) => {
    const problems = problemsOf(new WorkerConfig(), options)
    expect(problems.map((problem) => problem.name)).toEqual([name])
  })
})

describe('the error', () => {
  it('lists everything at once, with the value and what was expected', () => {
    setVariables({ WORKER_PORT: '99999', HEARTBEAT_INTERVAL: 'soon', COST_PER_SKILL: '{bad' })
    const resolve = () => resolveSettings(new WorkerConfig(), { taskTypeLimits: { video: -1 } })
    expect(resolve).toThrowError(
      [
        "The worker's configuration cannot be used:",
        '  WORKER_PORT = 99999: expected a port, a whole number from 0 to 65535',
        '  COST_PER_SKILL = {bad: expected a JSON object of numbers of at least 0, such as {"resize": 0.5}',
        '  HEARTBEAT_INTERVAL = soon: expected seconds, a number from 0.001 to 604800',
        '  taskTypeLimits.video = -1: expected a whole number of at least 1',
      ].join('\n'),
    )
  })

  it('keeps a value on one short line', () => {
    setVariables({ WORKER_PORT: `a\nb${'x'.repeat(500)}` })
    const [problem] = problemsOf(new WorkerConfig())
    expect(problem?.value).toMatch(/^a bx+…$/)
    expect(problem?.value.length).toBeLessThanOrEqual(101)
  })

  it('says so when there is nothing', () => {
    const values = problemsOf(wrong({ WORKER_ID: '', ORCHESTRATORS: [{}] })).map(({ value }) => value)
    expect(values).toEqual(['(empty)', '(not set)'])
  })
})

describe('a value that requires another one', () => {
  it.each([
    ['TLS_CERT_PATH', 'TLS_KEY_PATH'],
    ['TLS_KEY_PATH', 'TLS_CERT_PATH'],
    ['S3_ACCESS_KEY', 'S3_SECRET_KEY'],
    ['S3_SECRET_KEY', 'S3_ACCESS_KEY'],
  ] as const)('%s alone is refused: %s is missing', (name, missing) => {
    setVariables({ [name]: 'x' })
    expect(problemsOf(new WorkerConfig())).toEqual([
      { name: missing, value: '(not set)', expected: `a value, because ${name} is set` },
    ])
  })
})
