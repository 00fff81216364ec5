import { performance as measured } from 'node:perf_hooks'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { type Blockage, EventLoopWatch } from '../../../src/execution/event-loop-watch.js'
import { Wake } from '../../../src/utils/wake.js'

const TICK_MS = 250

let nowMs = 0
let idleMs = 0

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
  vi.spyOn(measured, 'eventLoopUtilization').mockImplementation(() => ({
    idle: idleMs,
    active: nowMs - idleMs,
    utilization: 0,
  }))
  onTestFinished(() => {
    vi.restoreAllMocks()
    vi.useRealTimers()
  })
})

/** Code runs. */
const runs = (ms: number): void => {
  nowMs += ms
}
/** The event loop waits, maybe because the machine sleeps. */
const waits = (ms: number): void => {
  nowMs += ms
  idleMs += ms
}

const watchOf = (running: readonly string[]) => {
  const blockages: Blockage[] = []
  const suspensions: number[] = []
  const watch = new EventLoopWatch(
    {
      runningTaskNames: () => running,
      blocked: (blockage) => blockages.push(blockage),
      suspended: (ms) => suspensions.push(ms),
    },
    new Wake(),
  )
  onTestFinished(() => watch.stop())
  watch.entered()
  return { watch, blockages, suspensions, tick: () => vi.advanceTimersByTime(TICK_MS) }
}

test('a machine that slept is no handler that blocked, whether handlers run or have ended', () => {
  const { watch, blockages, suspensions, tick } = watchOf(['runs'])
  watch.ended('ended before')
  waits(TICK_MS + 60_000)
  watch.ended('ended after')
  tick()
  expect([blockages, suspensions]).toEqual([[], [60_000]])
  expect(watch.blockage).toBeUndefined()
})

test('a handler that had ended in time is not named when other code blocks', () => {
  const { watch, blockages, suspensions, tick } = watchOf([])
  waits(TICK_MS - 1)
  watch.ended('ended before')
  runs(3_000)
  tick()
  expect([blockages, suspensions]).toEqual([[{ ms: 2_999, taskNames: [] }], []])
})

test('a handler that ends after the blockage is named, with those that run', () => {
  const { watch, blockages, tick } = watchOf(['runs'])
  waits(100)
  runs(2_150)
  watch.ended('ended after')
  tick()
  expect(blockages).toEqual([{ ms: 2_000, taskNames: ['ended after', 'runs'] }])
})

test('a machine that slept while a handler blocked costs the handler its own time only', () => {
  const { watch, blockages, suspensions, tick } = watchOf(['runs'])
  runs(1_500)
  watch.returned('blocks', 1_500)
  waits(60_000)
  tick()
  expect([blockages, suspensions]).toEqual([[{ ms: 1_500, taskNames: ['blocks'] }], [59_750]])
})
