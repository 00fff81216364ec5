import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { AuthError, UnreachableError } from '../../../src/errors.js'
import type { TaskSource } from '../../../src/execution/task-in-hand.js'
import { PollLoop } from '../../../src/polling/poll-loop.js'
import { HELD_MS, PollTurn } from '../../../src/polling/poll-turn.js'
import type { OfferSink } from '../../../src/polling/polling.js'
import type { TaskOffer } from '../../../src/protocol/messages.js'
import { Wake } from '../../../src/utils/wake.js'
import { linesOf } from '../../support/log-lines.js'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1)
})
afterEach(() => void vi.useRealTimers())

const OFFER: TaskOffer = {
  jobId: 'j1',
  taskId: 't1',
  taskName: 'add',
  params: {},
  priority: 0,
  tracingContext: {},
}

/** A loop whose polls the test answers one by one. */
const setUp = (offers: OfferSink = { take: () => {} }) => {
  const open: { answer(offer: TaskOffer | null): void; fail(error: Error): void }[] = []
  const marks: string[] = []
  let reserved = 0
  const orchestrator = {
    url: 'http://o',
    workerId: 'w1',
    extraHoldMs: 0,
    limits: { quietMs: () => 0, isLimited: () => false },
    poll: () => new Promise<TaskOffer | null>((answer, fail) => open.push({ answer, fail })),
  }
  const reserve = (lent: number) => {
    if (reserved - lent >= 1) return false
    reserved++
    return true
  }
  const turn = new PollTurn(reserve, new Wake(), 'by-rank')
  const { logger: log, lines } = linesOf()
  const loop = new PollLoop({} as TaskSource, orchestrator, 1, {
    slots: { limits: { global: 1 } },
    settings: { idlePollDelayMs: 10, pollErrorDelayMs: 5_000 },
    turn,
    journal: {
      pollOpened: () => undefined,
      pollEnded: (_, end) => void marks.push(end),
      pollsAbandoned: () => {},
    },
    takeover: { pollEnded: () => {} },
    offers,
    log,
    hasRoom: () => reserved === 0,
    unreserve: () => void reserved--,
  })
  return {
    loop,
    turn,
    open,
    marks,
    lines,
    reserved: () => reserved,
    settled: () => vi.advanceTimersByTimeAsync(0),
  }
}

test('a slot that an offer has taken is not given back, whatever becomes of the offer', async () => {
  const broken: OfferSink = {
    take: () => {
      throw new Error('a bug')
    },
  }
  const { loop, open, marks, lines, reserved, settled } = setUp(broken)
  loop.start()
  open[0]?.answer(OFFER)
  await settled()
  expect([reserved(), marks]).toEqual([1, ['answered']])
  expect(lines.all.map(({ level, message }) => [level, message])).toEqual([
    ['error', 'Internal error in a poll loop: please report it'],
  ])
})

describe('a poll that fails', () => {
  test.each([
    ['is retried after TASK_POLL_ERROR_DELAY', new UnreachableError('nobody there'), 5_000],
    ['with a refused token is retried after 15 s', new AuthError(401, 'no'), 15_000],
  ])('%s and not before', async (_, error, pauseMs) => {
    const { loop, open, reserved, settled } = setUp()
    loop.start()
    open[0]?.fail(error)
    await settled()
    expect(reserved()).toBe(0)
    await vi.advanceTimersByTimeAsync(pauseMs - 1)
    expect(open).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(open).toHaveLength(2)
  })

  test('is not repeated once the loop drains, and no timer is left', async () => {
    const { loop, open, settled } = setUp()
    loop.start()
    open[0]?.fail(new UnreachableError('nobody there'))
    await settled()
    expect(vi.getTimerCount()).toBe(1)
    await loop.drain()
    expect(vi.getTimerCount()).toBe(0)
    expect(loop.wants).toBe(false)
  })

  test('notes whether the orchestrator may hold it', async () => {
    const { loop, open, marks, settled } = setUp()
    loop.start()
    open[0]?.fail(new UnreachableError('cut', { wasSent: true }))
    await settled()
    await vi.advanceTimersByTimeAsync(5_000)
    open[1]?.fail(new UnreachableError('refused', { wasSent: false }))
    await settled()
    expect(marks).toEqual(['unanswered', 'not sent'])
    await loop.drain()
  })
})

describe('a poll that was open while the orchestrator did not respond', () => {
  const afterOutage = async () => {
    const taken: TaskOffer[] = []
    const all = setUp({ take: (offer) => taken.push(offer) })
    all.loop.start()
    await vi.advanceTimersByTimeAsync(HELD_MS)
    all.loop.outageEnded(true)
    return { ...all, taken }
  }

  test('lends its slot to a new one at once', async () => {
    const { open, loop } = await afterOutage()
    expect([open.length, loop.open, loop.isEmpty, loop.wants]).toEqual([2, 2, false, false])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(open).toHaveLength(2)
  })

  test('may still bring a task', async () => {
    const { open, loop, taken, settled } = await afterOutage()
    open[0]?.answer(OFFER)
    await settled()
    expect(taken).toEqual([OFFER])
    expect([loop.open, loop.wants]).toEqual([1, false])
  })

  test('fails without a word, and without a pause for the others', async () => {
    const { open, loop, lines, reserved, settled } = await afterOutage()
    open[0]?.fail(new UnreachableError('too late'))
    await settled()
    expect([loop.open, reserved(), loop.failure, lines.all]).toEqual([1, 1, undefined, []])
    open[1]?.answer(null)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(open).toHaveLength(3)
  })

  test('opens no other in a loop that drains', async () => {
    const { open, loop } = setUp()
    loop.start()
    await vi.advanceTimersByTimeAsync(HELD_MS)
    void loop.drain()
    loop.outageEnded(true)
    expect(open).toHaveLength(1)
  })
})

test('a drain waits for the open polls', async () => {
  const { loop, open, settled } = setUp()
  loop.start()
  const drained = vi.fn()
  void loop.drain().then(drained)
  await settled()
  expect(drained).not.toHaveBeenCalled()
  open[0]?.answer(null)
  await settled()
  expect(drained).toHaveBeenCalledTimes(1)
})

test('a loop that winds down stops with the first poll that comes back empty', async () => {
  const { loop, open, settled } = setUp()
  loop.start()
  loop.windDown()
  open[0]?.answer(null)
  await settled()
  await vi.advanceTimersByTimeAsync(60_000)
  expect([open.length, loop.wants, vi.getTimerCount()]).toEqual([1, false, 0])
})

test('a loop without a turn, because one of a lower rank has tasks, awaits no poll', async () => {
  const { loop, turn, open } = setUp()
  const better = {
    ...{ weight: 1, rank: -1, open: 0, isEmpty: true, wants: false, hasNothing: false },
    ...{ openedBy: () => 0, openOne: () => {} },
  }
  turn.join(better)
  loop.start()
  expect([open.length, loop.awaits]).toEqual([0, false])
  better.hasNothing = true
  expect(loop.awaits).toBe(true)
  turn.grant()
  expect([open.length, loop.awaits]).toEqual([1, true])
})
