import { ConfigError, StateError, Worker, WorkerConfig } from 'avtomatika-worker'
import { describe, expect, test } from 'vitest'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'

/** The arguments of a user of JavaScript, whom no compiler stops. */
const made = (options: unknown) => () => new Worker(options as object)

const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

describe('the options of a worker', () => {
  test.each<[string, unknown, RegExp]>([
    ['an option in lower case', { workertype: 'x' }, /workertype.*did you mean "workerType"\?/],
    ['an option in Python', { max_concurrent_tasks: 5 }, /did you mean "maxConcurrentTasks"\?/],
    ['an unknown option', { retries: 5 }, /retries.*known are workerType, /],
    ['options that are a text', 'image', /options = a value of type string: expected an object/],
    ['options that are null', null, /options = null/],
    [
      'a configuration that is a plain object',
      { config: { WORKER_ID: 'a' } },
      /config.*expected a WorkerConfig/,
    ],
    ['a logger without a method', { logger: { info() {} } }, /logger.*the method debug, warn, error, child/],
    ['a store without a method', { objectStore: { upload() {} } }, /objectStore.*the method list, download/],
    [
      'a variable that does not exist',
      { config: new WorkerConfig({ WORKER_TOKN: 'secret!' } as object) },
      /config\.WORKER_TOKN.*did you mean "WORKER_TOKEN"\?/,
    ],
    [
      'an attribute that does not exist',
      { config: Object.assign(new WorkerConfig(), { max_concurrent_tasks: 2 }) },
      /did you mean "MAX_CONCURRENT_TASKS"\?/,
    ],
  ])('%s is a ConfigError that names it', (_, options, message) => {
    expect(made(options)).toThrow(ConfigError)
    expect(made(options)).toThrow(message)
    expect(made(options)).not.toThrow('secret!')
  })

  test('all problems are listed', () => {
    expect(made({ workertype: 'x', logger: null })).toThrow(/workertype[\s\S]*logger/)
  })

  test('a subclass of the configuration may have attributes of its own', () => {
    class Own extends WorkerConfig {
      REGION = 'eu'
    }
    expect(made({ config: new Own(), logger: silent, workerType: undefined })).not.toThrow()
  })
})

test.each([
  ['finished', 'did you mean "taskFinished"?'],
  ['taskfinished', 'did you mean "taskFinished"?'],
  ['taskStart', 'did you mean "taskStarted"?'],
  ['nonsense', 'known are stateChanged, '],
])('worker.on("%s") is an error with a hint', (name, hint) => {
  const worker = new Worker({ logger: silent })
  expect(() => worker.on(name as 'progress', () => {})).toThrow(
    expect.objectContaining({ code: 'UNKNOWN_EVENT', message: expect.stringContaining(`"${name}"`) }),
  )
  if (name !== 'finished') expect(() => worker.on(name as 'progress', () => {})).toThrow(hint)
})

test('a listener or a handler of a command that is no function is an error', () => {
  const worker = new Worker({ logger: silent })
  expect(() => worker.on('progress', undefined as never)).toThrow(
    expect.objectContaining({ code: 'LISTENER' }),
  )
  expect(() => worker.onCommand('reload', 5 as never)).toThrow(
    expect.objectContaining({ code: 'COMMAND_HANDLER' }),
  )
})

describe('a worker without a task', () => {
  test.each(['start', 'run', 'runWithHealthCheck'] as const)(
    'does not start by %s(), and can be mended',
    async (how) => {
      const orchestrator = await RawOrchestrator.start()
      const config = new WorkerConfig({
        ORCHESTRATOR_URL: orchestrator.url,
        ORCHESTRATOR_PROTOCOL: 'classic',
        WORKER_PORT: 0,
      })
      await using worker = new Worker({ config, logger: silent })
      await expect(worker[how]()).rejects.toThrow(StateError)
      await expect(worker[how]()).rejects.toThrow(
        'Worker has no task: register one with worker.task(name, handler)',
      )
      expect([worker.state, worker.healthPort, orchestrator.calls()]).toEqual(['created', undefined, []])
      await worker.task('any', () => {}).start()
      await orchestrator.next('poll')
      orchestrator.endPoll()
    },
  )
})
