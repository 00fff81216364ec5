import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { curesDue, Watchdog } from '../../../src/connections/watchdog.js'
import { linesOf } from '../../support/log-lines.js'

const DUE_MS = 40_000

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test.each([
  [0, 0],
  [79_999, 0],
  [80_000, 1],
  [120_000, 2],
  [160_000, 3],
  [10_000_000, 3],
])('after %i ms without the end of a poll, %i cures are due', (silentMs, cures) => {
  expect(curesDue(silentMs, DUE_MS)).toBe(cures)
})

type Fake = ReturnType<typeof watching>['watched']

const watching = () => {
  const watched = {
    url: 'http://silent',
    polls: { ended: 0, awaits: true },
    orchestrator: { reconnect: vi.fn() },
    registerAgain: vi.fn(),
  }
  const { logger, lines } = linesOf()
  const cures = (): unknown[] => lines.all.map(({ fields }) => fields['cure'])
  const watchdog = new Watchdog([watched], DUE_MS, logger)
  watchdog.start()
  return { watched, watchdog, cures }
}

describe('polls that do not end', () => {
  test('lead to new connections, then to a new registration, then to the verdict', () => {
    const { watched, watchdog, cures } = watching()
    vi.advanceTimersByTime(2 * DUE_MS)
    expect(cures()).toEqual([])
    vi.advanceTimersByTime(DUE_MS)
    expect([cures(), watched.orchestrator.reconnect.mock.calls.length]).toEqual([['reconnect'], 1])
    vi.advanceTimersByTime(DUE_MS)
    expect([cures().at(-1), watched.registerAgain.mock.calls.length]).toEqual(['register again', 1])
    expect(watchdog.verdict).toBeUndefined()
    vi.advanceTimersByTime(DUE_MS)
    expect(cures()).toEqual(['reconnect', 'register again', 'gone'])
    expect(watchdog.verdict).toContain('http://silent')
    vi.advanceTimersByTime(10 * DUE_MS)
    expect(cures()).toHaveLength(3)
    watchdog.stop()
  })

  test('that end again take the verdict back', () => {
    const { watched, watchdog } = watching()
    vi.advanceTimersByTime(10 * DUE_MS)
    expect(watchdog.verdict).toBeDefined()
    watched.polls.ended++
    vi.advanceTimersByTime(DUE_MS)
    expect(watchdog.verdict).toBeUndefined()
    watchdog.stop()
  })
})

test.each([
  ['polls that end, answered or not', ({ polls }: Fake) => polls.ended++],
  [
    'no poll that could be open',
    ({ polls }: Fake) => {
      polls.awaits = false
    },
  ],
])('%s: nothing is wrong', (_, live) => {
  const { watched, watchdog, cures } = watching()
  for (let n = 0; n < 50; n++) {
    live(watched)
    vi.advanceTimersByTime(DUE_MS)
  }
  expect(cures()).toEqual([])
  watchdog.stop()
  expect(vi.getTimerCount()).toBe(0)
})
