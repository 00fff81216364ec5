import { performance as measured } from 'node:perf_hooks'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Blockage, EventLoopWatch } from '../../../src/execution/event-loop-watch.js'
import { Wake } from '../../../src/utils/wake.js'

const TICK_MS = 250

const clock = { ms: 0 }

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const now = vi.spyOn(performance, 'now').mockImplementation(() => clock.ms)
  // The handlers of these tests never leave the processor idle.
  const idle = vi
    .spyOn(measured, 'eventLoopUtilization')
    .mockImplementation(() => ({ idle: 0, active: clock.ms, utilization: 1 }))
  onTestFinished(() => {
    now.mockRestore()
    idle.mockRestore()
    vi.useRealTimers()
  })
})

/** The next tick fires, `lateMs` after it was due. */
const tick = (lateMs = 0): void => {
  clock.ms += TICK_MS + lateMs
  vi.advanceTimersByTime(TICK_MS)
}

const setUp = () => {
  const running = new Set<string>()
  const blockages: Blockage[] = []
  const wake = new Wake()
  let triggers = 0
  wake.listen(() => triggers++)
  const owner = {
    runningTaskNames: () => [...running],
    blocked: (blockage: Blockage) => void blockages.push(blockage),
    suspended: () => {},
  }
  const watch = new EventLoopWatch(owner, wake)
  onTestFinished(() => watch.stop())
  const enter = (name: string) => {
    running.add(name)
    watch.entered()
  }
  const end = (name: string) => {
    running.delete(name)
    watch.ended(name)
  }
  return { watch, enter, end, blockages, triggers: () => triggers }
}

describe('the watch of the event loop', () => {
  test('ticks while handlers run, and no longer', () => {
    const { enter, end, blockages } = setUp()
    expect(vi.getTimerCount()).toBe(0)
    enter('a')
    for (let ticks = 0; ticks < 3; ticks++) tick()
    expect(vi.getTimerCount()).toBe(1)
    end('a')
    tick()
    expect([vi.getTimerCount(), blockages.length]).toEqual([0, 0])
  })

  test('calls a tick that is more than a second late a blockage', () => {
    const { watch, enter, blockages } = setUp()
    enter('a')
    tick(1_000)
    expect([watch.blockage, blockages]).toEqual([undefined, []])
    tick(1_001)
    expect(blockages).toEqual([{ ms: 1_001, taskNames: ['a'] }])
    expect(watch.blockage).toEqual(blockages[0])
  })

  test('ends a blockage with the first tick in time, and says so', () => {
    const { watch, enter, end, triggers } = setUp()
    enter('a')
    tick(2_000)
    end('a')
    tick(1_500)
    expect([watch.blockage?.ms, triggers()]).toEqual([1_500, 0])
    tick()
    expect([watch.blockage, triggers(), vi.getTimerCount()]).toEqual([undefined, 1, 0])
  })

  test('names all that ran when the tick was due, once each', () => {
    const { enter, end, blockages } = setUp()
    enter('gone')
    tick()
    enter('a')
    enter('b')
    end('gone')
    clock.ms += TICK_MS + 1
    end('a')
    clock.ms += 1_000
    vi.advanceTimersByTime(TICK_MS)
    expect(blockages[0]?.taskNames.toSorted()).toEqual(['a', 'b'])
    tick(1_001)
    expect(blockages[1]?.taskNames).toEqual(['b'])
  })

  test('names the one that was seen to block, in this tick only', () => {
    const { watch, enter, blockages } = setUp()
    enter('a')
    enter('b')
    watch.returned('b', 1_000)
    tick(1_001)
    watch.returned('b', 1_001)
    tick(1_001)
    tick(1_001)
    expect(blockages.map(({ taskNames }) => taskNames)).toEqual([['a', 'b'], ['b'], ['a', 'b']])
  })

  test('stops for good', () => {
    const { watch, enter } = setUp()
    enter('a')
    watch.stop()
    expect(vi.getTimerCount()).toBe(0)
    enter('b')
    expect(vi.getTimerCount()).toBe(0)
  })
})
