import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { TaskConnection } from '../../../src/connections/takeover-hooks.js'
import { AuthError } from '../../../src/errors.js'
import type { OpenTask } from '../../../src/journal/journal-state.js'
import { Takeover } from '../../../src/takeover/takeover.js'
import { Wake } from '../../../src/utils/wake.js'
import { linesOf } from '../../support/log-lines.js'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
})

const URL = 'http://o'
const POLL_TIMEOUT_MS = 30_000

/** A connection that keeps a list of what is done with it. */
class FakeConnection implements TaskConnection {
  readonly url = URL
  readonly workerId: string
  readonly calls: string[] = []
  isUsed = false
  trouble: string | undefined
  /** Ends {@link untilKnown}. */
  known: () => void = () => {}

  constructor(workerId: string) {
    this.workerId = workerId
  }

  async open(): Promise<void> {
    this.calls.push('open')
    this.isUsed = true
  }

  async leave(): Promise<void> {
    this.calls.push('leave')
    this.isUsed = false
  }

  fenceEnded(): void {
    this.calls.push('fence ended')
  }

  untilKnown(): Promise<void> {
    return new Promise((resolve) => {
      this.known = resolve
    })
  }

  deliver = () => Promise.reject(new Error('not used'))
  limits = { quietMs: () => 0, isLimited: () => false }
  uplink = { progress: () => {}, emit: () => {}, settle: () => {} }
}

/** @param heldMs - for how long polls of an earlier worker may be held, by worker id */
const setUp = (heldMs: Readonly<Record<string, number>>, left: readonly OpenTask[] = []) => {
  const main = new FakeConnection('w1')
  main.isUsed = true
  const standby = new FakeConnection('w1-standby')
  const handedBack: string[] = []
  const wake = new Wake()
  let wakes = 0
  wake.listen(() => wakes++)
  const { logger, lines } = linesOf()
  const takeover = new Takeover(
    { pollFence: true, pollTimeoutMs: POLL_TIMEOUT_MS },
    {
      heldPolls: () => Object.entries(heldMs).map(([workerId, ms]) => ({ workerId, ms, isAnnounced: false })),
      buried: () => Promise.resolve(true),
      acknowledged: () => {},
    },
    { report: async ({ taskId }, _to, isRecorded) => void (isRecorded || handedBack.push(taskId)) },
    logger,
    wake,
  )
  onTestFinished(() => takeover.close())
  takeover.begin(left, { all: [main], addStandby: () => standby })
  return { takeover, main, standby, handedBack, wakes: () => wakes, lines }
}

const task: OpenTask = {
  fact: 'accepted',
  from: URL,
  workerId: 'w1',
  jobId: 'j',
  taskId: 't1',
  taskName: 'echo',
}

const settled = () => vi.advanceTimersByTimeAsync(0)

test('without a poll of an earlier worker there is no fence and no standby', () => {
  const { takeover, main, standby } = setUp({})
  expect(takeover.beforeRegistering(main)).toBeUndefined()
  expect(takeover.isHeldOff(main)).toBe(false)
  expect(standby.calls).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})

test('the standby registers first, and leaves when the orchestrator knows that both can take tasks', async () => {
  const { takeover, main, standby, wakes } = setUp({ w1: 30_000 })
  await takeover.beforeRegistering(main)
  expect(standby.calls).toEqual(['open'])
  expect([takeover.isHeldOff(main), takeover.isHeldOff(standby)]).toEqual([true, false])
  await vi.advanceTimersByTimeAsync(29_999)
  expect(wakes()).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(wakes()).toBe(1)
  expect([takeover.isHeldOff(main), takeover.isHeldOff(standby)]).toEqual([false, false])
  expect(main.calls).toEqual(['fence ended'])
  main.known()
  await settled()
  expect(takeover.isHeldOff(standby)).toBe(true)
  expect(standby.calls).toEqual(['open'])
  standby.known()
  await settled()
  expect(standby.calls).toEqual(['open', 'leave'])
})

test.each<[string, number, 'task' | 'empty', boolean]>([
  ['brings a task at once', 499, 'task', true],
  ['waits and brings a task', 500, 'task', false],
  ['waits for a minute and brings a task', 60_000, 'task', false],
  ['comes back empty at once', 499, 'empty', true],
  ['comes back empty after the regular time', POLL_TIMEOUT_MS + 1_999, 'empty', false],
  ['comes back empty after a random time', POLL_TIMEOUT_MS + 2_000, 'empty', true],
])('a poll under the same id that %s: the fence is up = %3$s', (_how, elapsedMs, outcome, isUp) => {
  const { takeover, main } = setUp({ w1: 61_000 })
  takeover.pollEnded({ url: URL, workerId: 'w1' }, elapsedMs, outcome)
  expect(takeover.isHeldOff(main)).toBe(isUp)
})

test('a poll of the standby proves nothing about the other id', () => {
  const { takeover, main } = setUp({ w1: 61_000 })
  takeover.pollEnded({ url: URL, workerId: 'w1-standby' }, 1_000, 'task')
  expect(takeover.isHeldOff(main)).toBe(true)
})

test('with a fence for both ids the worker takes no tasks until one of them ends', async () => {
  const { takeover, main, standby } = setUp({ w1: 30_000, 'w1-standby': 10_000 })
  await takeover.beforeRegistering(main)
  expect([takeover.isHeldOff(main), takeover.isHeldOff(standby)]).toEqual([true, true])
  expect(takeover.trouble).toContain('poll of an earlier worker')
  await vi.advanceTimersByTimeAsync(10_000)
  expect([takeover.isHeldOff(main), takeover.isHeldOff(standby)]).toEqual([true, false])
  expect(takeover.trouble).toBeUndefined()
})

test('a standby whose fence ends last leaves without taking tasks: nobody would fetch those that it is sent', async () => {
  const { takeover, main, standby } = setUp({ w1: 10_000, 'w1-standby': 20_000 })
  await takeover.beforeRegistering(main)
  await vi.advanceTimersByTimeAsync(10_000)
  expect([takeover.isHeldOff(main), takeover.isHeldOff(standby)]).toEqual([false, true])
  await vi.advanceTimersByTimeAsync(10_000)
  expect(takeover.isHeldOff(standby)).toBe(true)
  main.known()
  await settled()
  standby.known()
  await settled()
  expect(standby.calls).toEqual(['open', 'leave'])
})

test('a standby whose fence ends first takes tasks', async () => {
  const { takeover, main, standby } = setUp({ w1: 20_000, 'w1-standby': 10_000 })
  await takeover.beforeRegistering(main)
  await vi.advanceTimersByTimeAsync(10_000)
  expect([takeover.isHeldOff(main), takeover.isHeldOff(standby)]).toEqual([true, false])
  expect(standby.calls).toEqual(['open', 'fence ended'])
})

test('an orchestrator that is not in use is no trouble', () => {
  const { takeover, main } = setUp({ w1: 30_000, 'w1-standby': 30_000 })
  main.isUsed = false
  expect(takeover.trouble).toBeUndefined()
})

test('a standby leaves with its main connection, and comes back with it', async () => {
  const { takeover, main, standby } = setUp({ w1: 60_000 })
  await takeover.beforeRegistering(main)
  takeover.left(main)
  expect(takeover.isHeldOff(standby)).toBe(true)
  // In use again before the orchestrator knows of the leave: the standby stays.
  expect(takeover.beforeRegistering(main)).toBeUndefined()
  expect(takeover.isHeldOff(standby)).toBe(false)
  standby.known()
  await settled()
  expect(standby.calls).toEqual(['open', 'fence ended'])

  takeover.left(main)
  standby.known()
  await settled()
  await takeover.beforeRegistering(main)
  expect(standby.calls).toEqual(['open', 'fence ended', 'leave', 'open'])
})

test('a standby whose token is refused gives up, a main connection does not', () => {
  const { takeover, main, standby, lines } = setUp({ w1: 30_000 })
  const error = new AuthError(401, 'refused')
  expect(takeover.givesUp(main, error)).toBe(false)
  expect(takeover.trouble).toBeUndefined()
  expect(takeover.givesUp(standby, error)).toBe(true)
  expect(takeover.trouble).toContain('poll of an earlier worker')
  expect(takeover.beforeRegistering(main)).toBeUndefined()
  expect(lines.all.filter(({ message }) => message.includes('Standby refused'))).toHaveLength(1)
})

test('an unfinished task goes back when the worker is registered and one of its ids can take tasks', async () => {
  const { takeover, main, standby, handedBack } = setUp({ w1: 30_000, 'w1-standby': 10_000 }, [task])
  takeover.ready(standby)
  takeover.ready(main)
  expect(handedBack).toEqual([])
  await vi.advanceTimersByTimeAsync(10_000)
  expect(handedBack).toEqual(['t1'])
})

test('an unfinished task waits for the registration', async () => {
  const { takeover, main, handedBack } = setUp({ w1: 10_000 }, [task])
  await vi.advanceTimersByTimeAsync(10_000)
  expect(handedBack).toEqual([])
  takeover.ready(main)
  expect(handedBack).toEqual(['t1'])
})

test('an unfinished task waits for a standby that cannot take tasks', () => {
  const { takeover, main, standby, handedBack } = setUp({ w1: 30_000 }, [task])
  standby.trouble = 'not registered'
  takeover.ready(main)
  expect(handedBack).toEqual([])
  standby.trouble = undefined
  takeover.ready(standby)
  expect(handedBack).toEqual(['t1'])
})

test('closing leaves no timer', () => {
  const { takeover } = setUp({ w1: 30_000, 'w1-standby': 10_000 }, [task])
  expect(vi.getTimerCount()).toBe(3)
  takeover.close()
  expect(vi.getTimerCount()).toBe(0)
})
