import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { ResultQueue, type ResultSink } from '../../../src/delivery/result-queue.js'
import { AuthError, RateLimitError, ResponseError, UnreachableError } from '../../../src/errors.js'
import type { Outcome, Receipt, TaskResult } from '../../../src/protocol/messages.js'
import { UnsendableError } from '../../../src/protocol/unsendable.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const POLICY = { maxRetries: 0, initialDelayMs: 1_000, atOnce: 4, bound: 1_000 }
const TAKEN: Receipt = { kind: 'taken' }

const resultOf = (n: number): TaskResult => ({
  jobId: `j${n}`,
  taskId: `t${n}`,
  workerId: 'w1',
  outcome: { kind: 'value', status: 'success' },
})

/** An orchestrator whose answers the test gives one by one. */
const setUp = (policy: Partial<typeof POLICY> = {}) => {
  const open: { taskId: string; outcome: Outcome; take(): void; fail(error: Error): void }[] = []
  const state = { quietMs: 0, isLimited: false, most: 0 }
  const setAside: string[] = []
  const sink: ResultSink = {
    url: 'http://o',
    workerId: 'w1',
    limits: { quietMs: () => state.quietMs, isLimited: () => state.isLimited },
    deliver: ({ taskId, outcome }) =>
      new Promise((resolve, reject) => {
        open.push({ taskId, outcome, take: () => resolve(TAKEN), fail: reject })
        state.most = Math.max(state.most, open.length)
      }),
  }
  const observer = { setAside: ({ taskId }: TaskResult) => void setAside.push(taskId) }
  const queue = new ResultQueue(sink, { ...POLICY, ...policy }, observer)
  onTestFinished(() => queue.close())
  const answered: string[] = []
  const send = (count: number) => {
    for (let n = 0; n < count; n++) queue.send(resultOf(n), ({ kind }) => answered.push(`t${n} ${kind}`))
  }
  const settled = () => vi.advanceTimersByTimeAsync(0)
  const answerAll = async (answer: (call: (typeof open)[number]) => void) => {
    for (await settled(); open.length > 0; await settled()) for (const call of open.splice(0)) answer(call)
  }
  return { queue, send, open, state, setAside, answered, settled, answerAll }
}

const AWAY = new UnreachableError('nobody there')

describe('never a burst', () => {
  test('a thousand results that wait are in flight a few at a time', async () => {
    const { send, state, answered, answerAll } = setUp()
    send(1_000)
    await answerAll((call) => call.take())
    expect(answered).toHaveLength(1_000)
    expect(state.most).toBe(POLICY.atOnce)
  })

  test('results that were set aside go one at a time when the orchestrator has limited results', async () => {
    const { queue, send, state, setAside, answered, open, settled, answerAll } = setUp()
    send(200)
    await answerAll((call) => call.fail(new ResponseError(503, 'overloaded')))
    expect(setAside).toHaveLength(200)
    state.isLimited = true
    state.most = 0
    queue.nudge()
    await settled()
    expect(open).toHaveLength(1)
    await answerAll((call) => call.take())
    expect(state.most).toBe(1)
    expect(answered).toHaveLength(200)
  })

  test('a nudge is ignored while the orchestrator wants silence', async () => {
    const { queue, send, state, open, settled, answerAll } = setUp()
    send(1)
    await answerAll((call) => call.fail(new ResponseError(503, 'overloaded')))
    state.quietMs = 60_000
    queue.nudge()
    await settled()
    expect(open).toEqual([])
  })
})

describe('an orchestrator that takes no result', () => {
  test('is tried again with one result, after the pause and not before', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1)
    const { send, open, settled, answerAll } = setUp({ maxRetries: 5 })
    send(3)
    await answerAll((call) => call.fail(AWAY))
    await vi.advanceTimersByTimeAsync(999)
    expect(open).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(open).toHaveLength(1)
    open.splice(0)[0]?.take()
    await settled()
    expect(open).toHaveLength(2)
  })

  test('is tried with the next result when the first gets no answer', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1)
    const { send, open, answerAll } = setUp({ maxRetries: 5 })
    send(2)
    await answerAll((call) => call.fail(AWAY))
    await vi.advanceTimersByTimeAsync(1_000 + 1_999)
    expect(open.map(({ taskId }) => taskId)).toEqual(['t0'])
    await vi.advanceTimersByTimeAsync(1)
    expect(open.map(({ taskId }) => taskId)).toEqual(['t0', 't1'])
  })

  test('is not asked before Retry-After has passed', async () => {
    const { send, open, state, answerAll } = setUp({ maxRetries: 5 })
    send(1)
    state.quietMs = 7_000
    await answerAll((call) => call.fail(new RateLimitError('slow down', 7_000)))
    await vi.advanceTimersByTimeAsync(6_999)
    expect(open).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(open).toHaveLength(1)
  })

  test.each([
    ['unreachable', AWAY],
    ['unauthorized', new AuthError(401, 'no')],
  ])('%s: a nudge ends the pause', async (_, error) => {
    const { queue, send, open, settled, answerAll } = setUp({ maxRetries: 5 })
    send(2)
    await answerAll((call) => call.fail(error))
    queue.nudge()
    await settled()
    expect(open).toHaveLength(1)
  })
})

test('a result that is refused for good is answered, and the others go on', async () => {
  const { send, answered, answerAll } = setUp()
  send(2)
  await answerAll((call) => (call.taskId === 't0' ? call.fail(new ResponseError(422, 'bad')) : call.take()))
  expect(answered).toEqual(['t0 refused', 't1 taken'])
})

describe('a result that the orchestrator cannot read', () => {
  test.each([
    ['answered 400', new ResponseError(400, 'Invalid JSON body')],
    ['answered 413', new ResponseError(413, 'too large')],
    ['never sent', new UnsendableError('it is too long')],
  ])('is replaced by a short failure at once: %s', async (_, error) => {
    const { send, open, answered, settled } = setUp()
    send(1)
    await settled()
    open.splice(0)[0]?.fail(error)
    await settled()
    expect(open[0]?.outcome).toEqual({
      kind: 'failure',
      error: {
        code: 'PERMANENT_ERROR',
        message: `The result of the task cannot be delivered: ${error.message}`,
      },
    })
    open.splice(0)[0]?.take()
    await settled()
    expect(answered).toEqual(['t0 replaced'])
  })

  test('is refused if the orchestrator cannot read the short failure either', async () => {
    const { send, open, answered, settled } = setUp()
    send(1)
    for (let attempt = 0; attempt < 2; attempt++) {
      await settled()
      open.splice(0)[0]?.fail(new ResponseError(400, 'job_id and task_id are required'))
    }
    await settled()
    expect([answered, open]).toEqual([['t0 refused'], []])
  })

  test('keeps its short failure while the orchestrator is away', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1)
    const { send, open, answered, settled } = setUp({ maxRetries: 5 })
    send(1)
    await settled()
    open.splice(0)[0]?.fail(new ResponseError(413, 'too large'))
    await settled()
    open.splice(0)[0]?.fail(AWAY)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(open[0]?.outcome.kind).toBe('failure')
    open.splice(0)[0]?.take()
    await settled()
    expect(answered).toEqual(['t0 replaced'])
  })

  test('is not replaced after the close: the journal has it', async () => {
    const { queue, send, open, answered, settled } = setUp()
    send(1)
    await settled()
    queue.close()
    open.splice(0)[0]?.fail(new ResponseError(413, 'too large'))
    await settled()
    expect([answered, open]).toEqual([[], []])
  })
})

test('a result that fails alone is set aside after all quick retries', async () => {
  const { send, setAside, answerAll } = setUp({ maxRetries: 2 })
  send(1)
  for (let attempt = 0; attempt < 3; attempt++) {
    expect(setAside).toEqual([])
    await answerAll((call) => call.fail(new ResponseError(503, 'overloaded')))
    await vi.advanceTimersByTimeAsync(5_000)
  }
  expect(setAside).toEqual(['t0'])
})

test.each([
  ['a pause', AWAY],
  ['a retry', new ResponseError(503, 'overloaded')],
])('a queue that is closed during %s leaves no timer and retries nothing', async (_, error) => {
  const { queue, send, open, answerAll } = setUp({ maxRetries: 5 })
  send(3)
  await answerAll((call) => call.fail(error))
  expect(vi.getTimerCount()).toBeGreaterThan(0)
  queue.close()
  expect(vi.getTimerCount()).toBe(0)
  queue.nudge()
  await vi.advanceTimersByTimeAsync(600_000)
  expect(open).toEqual([])
})

test('a probe that is answered after the close starts nothing', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(1)
  const { queue, send, open, settled, answerAll } = setUp({ maxRetries: 5 })
  send(3)
  await answerAll((call) => call.fail(AWAY))
  await vi.advanceTimersByTimeAsync(1_000)
  queue.close()
  open.splice(0)[0]?.fail(AWAY)
  await settled()
  expect([open, vi.getTimerCount()]).toEqual([[], 0])
})
