import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { PollFence } from '../../../src/takeover/poll-fence.js'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
})

const W1 = { url: 'http://o', workerId: 'w1' }

const setUp = () => {
  const ended: object[] = []
  const fence = new PollFence<typeof W1>((owner) => ended.push(owner))
  onTestFinished(() => fence.close())
  return { fence, ended }
}

test('a fence ends by itself after its time, and not earlier', () => {
  const { fence, ended } = setUp()
  expect(fence.isUp(W1)).toBe(false)
  fence.raise(W1, 30_000)
  vi.advanceTimersByTime(29_999)
  expect({ isUp: fence.isUp(W1), ended }).toEqual({ isUp: true, ended: [] })
  vi.advanceTimersByTime(1)
  expect({ isUp: fence.isUp(W1), ended }).toEqual({ isUp: false, ended: [W1] })
})

test('a fence that is lifted early ends once', () => {
  const { fence, ended } = setUp()
  fence.raise(W1, 30_000)
  fence.lift({ ...W1 })
  fence.lift({ ...W1 })
  expect({ isUp: fence.isUp(W1), ended, timers: vi.getTimerCount() }).toEqual({
    isUp: false,
    ended: [W1],
    timers: 0,
  })
})

test.each([
  ['another id', { ...W1, workerId: 'w2' }],
  ['another orchestrator', { ...W1, url: 'http://p' }],
])('a fence does not hold off %s', (_what, other) => {
  const { fence, ended } = setUp()
  fence.raise(W1, 30_000)
  fence.lift(other)
  expect({ other: fence.isUp(other), own: fence.isUp(W1), ended }).toEqual({
    other: false,
    own: true,
    ended: [],
  })
})

test('closing removes all fences and timers, and reports no end', () => {
  const { fence, ended } = setUp()
  fence.raise(W1, 30_000)
  fence.close()
  expect({ isUp: fence.isUp(W1), timers: vi.getTimerCount(), ended }).toEqual({
    isUp: false,
    timers: 0,
    ended: [],
  })
})

test('a fence that is raised again ends at the later time', () => {
  const { fence, ended } = setUp()
  fence.raise(W1, 10_000)
  fence.raise(W1, 30_000)
  vi.advanceTimersByTime(29_999)
  expect({ isUp: fence.isUp(W1), ended }).toEqual({ isUp: true, ended: [] })
  vi.advanceTimersByTime(1)
  expect(fence.isUp(W1)).toBe(false)
})
