import {
  InvalidInputError,
  PermanentError,
  TaskError,
  TransientError,
  type WorkerEvents,
} from 'avtomatika-worker'
import { describe, expect, test } from 'vitest'
import { nextEvent } from '../../support/next-event.js'
import { ScriptedOrchestrator } from '../../support/scripted-orchestrator.js'
import { eventsOf, workerOf } from '../../support/worker-of.js'

type Ends = WorkerEvents['taskFinished']

const rig = async (handler: () => unknown) => {
  const orchestrator = await ScriptedOrchestrator.start()
  const { worker, lines } = workerOf(orchestrator.url)
  worker.task('work', handler as () => object)
  worker.task('fine', () => ({ x: 1 }))
  const ends = eventsOf(worker, 'taskFinished')
  await worker.start()
  const run = async (taskId: string, type = 'work'): Promise<Ends> => {
    orchestrator.offer(taskId, type)
    const end = await ends.first((each) => each.taskId === taskId)
    await orchestrator.resultOf(taskId)
    return end
  }
  const of = (taskId: string) => lines.all.filter(({ fields }) => fields['taskId'] === taskId)
  const above = (taskId: string) => of(taskId).filter(({ level }) => level === 'warn' || level === 'error')
  return { run, of, above, ends }
}

const throws = (thrown: unknown) => () => {
  throw thrown
}

describe('a failed task makes one line', () => {
  test.each<[string, unknown, 'error' | 'warn', string]>([
    ['a bug', new TypeError('x is undefined'), 'error', 'TRANSIENT_ERROR'],
    [
      'an error with a code of its own',
      Object.assign(new Error('e'), { code: 'ENOENT' }),
      'error',
      'TRANSIENT_ERROR',
    ],
    ['a TransientError', new TransientError('later'), 'warn', 'TRANSIENT_ERROR'],
    ['a PermanentError', new PermanentError('never'), 'warn', 'PERMANENT_ERROR'],
    ['an InvalidInputError', new InvalidInputError('width'), 'warn', 'INVALID_INPUT_ERROR'],
    ['another TaskError', new TaskError('OUT_OF_PAPER', 'paper'), 'warn', 'OUT_OF_PAPER'],
  ])('of %s, at its level, with the thrown error and the ids', async (_, thrown, level, code) => {
    const { run, above } = await rig(throws(thrown))
    const { error } = await run('t1')
    expect(above('t1')).toEqual([
      {
        level,
        message: `Task "work" failed with ${code}`,
        fields: {
          taskId: 't1',
          jobId: expect.any(String),
          taskName: 'work',
          status: 'failure',
          code,
          attempt: 1,
          durationMs: expect.any(Number),
          err: thrown,
        },
      },
    ])
    expect(above('t1')[0]?.fields['err']).toBe(thrown)
    expect([error?.code, error?.stack]).toEqual([code, (thrown as Error).stack])
    expect(thrown instanceof TaskError ? error : error?.cause).toBe(thrown)
  })

  test.each([
    ['a text', 'just so', 'just so'],
    ['null', null, 'thrown: null'],
    ['an object', { status: 503 }, 'thrown: { status: 503 }'],
  ])('of %s that was thrown', async (_, thrown, err) => {
    const { run, above } = await rig(throws(thrown))
    expect(await run('t1')).toMatchObject({ error: { code: 'TRANSIENT_ERROR', message: err, cause: thrown } })
    expect(above('t1')).toEqual([
      expect.objectContaining({ level: 'error', fields: expect.objectContaining({ err }) }),
    ])
  })

  test('of a failure that the handler returned', async () => {
    const { run, above } = await rig(() => ({ status: 'failure', error: { code: 'X', message: 'no paper' } }))
    const { error } = await run('t1')
    expect(error).toBeInstanceOf(TaskError)
    expect([error?.code, error?.message, error?.stack]).toEqual(['X', 'no paper', 'TaskError: no paper'])
    expect(above('t1')).toMatchObject([
      { level: 'warn', fields: { code: 'X', err: { message: 'no paper' } } },
    ])
  })

  test('of a result that cannot be sent', async () => {
    const { run, above } = await rig(() => ({ pages: [Buffer.from('x')] }))
    await run('t1')
    expect(above('t1')).toMatchObject([
      {
        level: 'warn',
        fields: { code: 'PERMANENT_ERROR', err: { message: expect.stringContaining('data.pages[0]') } },
      },
    ])
  })
})

test('starts and ends are debug lines', async () => {
  const { run, of, ends } = await rig(() => {})
  await run('t1', 'fine')
  expect(of('t1').map(({ level, message }) => [level, message])).toEqual([
    ['debug', 'Task started'],
    ['debug', 'Task ended'],
  ])
  expect(of('t1')[1]?.fields).toMatchObject({ status: 'success', durationMs: expect.any(Number) })
  expect(ends.all[0]).not.toHaveProperty('error')
})

describe('a cancelled task', () => {
  test.each<[string, (signal: AbortSignal) => unknown, boolean]>([
    ['throws its reason', (signal) => signal.reason, false],
    ['throws an AbortError', () => new DOMException('aborted', 'AbortError'), false],
    ['throws an error because of it', (signal) => new Error('gave up', { cause: signal.reason }), false],
    ['throws a bug', () => new TypeError('in the cleanup'), true],
  ])('whose handler %s makes a line only for a bug', async (_, end, isLogged) => {
    const orchestrator = await ScriptedOrchestrator.start()
    const { worker, lines } = workerOf(orchestrator.url)
    worker.task('wait', (_params, { signal }) => {
      return new Promise<void>((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(end(signal)), { once: true }),
      )
    })
    await worker.start()
    const peer = await orchestrator.peers.next()
    const started = nextEvent(worker, 'taskStarted')
    orchestrator.offer('t1', 'wait')
    await started
    peer.cancel('t1')
    expect(await orchestrator.resultOf('t1')).toEqual({ status: 'cancelled' })
    const errors = lines.all.filter(({ level }) => level === 'error')
    expect(errors.map(({ message, fields }) => [message, (fields['err'] as Error).message])).toEqual(
      isLogged ? [['Handler of task "wait" threw after its task was cancelled', 'in the cleanup']] : [],
    )
  })
})

test('the error of a handler that ends after its task was given up is logged', async () => {
  const orchestrator = await ScriptedOrchestrator.start()
  const { worker, lines } = workerOf(orchestrator.url, { variables: { WORKER_CANCEL_GRACE: 0 } })
  let fail: (error: Error) => void = () => {}
  worker.task('stubborn', () => new Promise<void>((_, reject) => (fail = reject)))
  await worker.start()
  const peer = await orchestrator.peers.next()
  const started = nextEvent(worker, 'taskStarted')
  orchestrator.offer('t1', 'stubborn')
  await started
  peer.cancel('t1')
  expect(await orchestrator.resultOf('t1')).toEqual({ status: 'cancelled' })
  const error = new RangeError('at last')
  fail(error)
  const line = await lines.first(({ message }) => message.startsWith('Handler ended after'))
  expect(line.fields['err']).toBe(error)
})
