import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ProgressThrottle } from '../../../../src/connections/socket/progress-throttle.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

/** A throttle whose way out can be closed, and what went out. */
const setUp = ({ isOpen = true } = {}) => {
  const sent: [taskId: string, progress: number][] = []
  const way = { isOpen }
  const throttle = new ProgressThrottle(({ taskId, progress }) => {
    if (way.isOpen) sent.push([taskId, progress])
    return way.isOpen
  })
  const report = (taskId: string, progress: number) =>
    throttle.report({ taskId, jobId: 'j', progress, message: '' })
  return { throttle, sent, way, report }
}

describe('the updates of a task', () => {
  test('go at once, then the newest of each half second', () => {
    const { throttle, sent, report } = setUp()
    for (let n = 0; n < 100; n++) {
      report('t', n)
      vi.advanceTimersByTime(50)
    }
    throttle.settle('t')
    // 5 s at two a second, the first and the last.
    expect(sent.map(([, progress]) => progress)).toEqual([0, 9, 19, 29, 39, 49, 59, 69, 79, 89, 99])
  })

  test('go half a second after the last one, not before', () => {
    const { sent, report } = setUp()
    report('t', 0.1)
    report('t', 0.2)
    vi.advanceTimersByTime(499)
    expect(sent).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(sent).toHaveLength(2)
    vi.advanceTimersByTime(500)
  })

  test('go no earlier because sending works again', () => {
    const { throttle, sent, report } = setUp()
    report('t', 0.1)
    report('t', 0.2)
    throttle.resume()
    expect(sent).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(1)
    throttle.close()
  })

  test('cost no timer after half a second without any', () => {
    const { sent, report } = setUp()
    report('t', 0.1)
    vi.advanceTimersByTime(500)
    expect(vi.getTimerCount()).toBe(0)
    report('t', 0.2)
    vi.advanceTimersByTime(500)
    expect(sent).toHaveLength(2)
  })

  test('go at once when the task ends, and nothing is left of the task', () => {
    const { throttle, sent, report } = setUp()
    report('t', 0.1)
    report('t', 0.2)
    throttle.settle('t')
    expect(vi.getTimerCount()).toBe(0)
    throttle.settle('t')
    throttle.settle('unknown')
    vi.advanceTimersByTime(10_000)
    throttle.resume()
    expect(sent).toEqual([
      ['t', 0.1],
      ['t', 0.2],
    ])
  })
})

describe('updates that cannot be sent', () => {
  test('are kept, the newest of each task, for the 1000 tasks that reported last', () => {
    const { throttle, sent, way, report } = setUp({ isOpen: false })
    for (let n = 0; n <= 1_000; n++) report(`t${n}`, 0.1)
    report('t1', 0.2)
    report('t1001', 0.1)
    way.isOpen = true
    throttle.resume()
    vi.advanceTimersByTime(1_900)
    throttle.close()
    expect(sent).toHaveLength(1_000)
    expect(sent.slice(-2)).toEqual([
      ['t1', 0.2],
      ['t1001', 0.1],
    ])
    expect(sent[0]).toEqual(['t3', 0.1])
  })

  test('go in batches afterwards, 50 every 100 ms', () => {
    const { throttle, sent, way, report } = setUp({ isOpen: false })
    for (let n = 0; n < 120; n++) report(`t${n}`, 0.1)
    way.isOpen = true
    throttle.resume()
    const counts = [sent.length]
    for (const ms of [99, 1, 99, 1]) {
      vi.advanceTimersByTime(ms)
      counts.push(sent.length)
    }
    expect(counts).toEqual([50, 50, 100, 100, 120])
    vi.advanceTimersByTime(500)
  })

  test('of a task that ends while its batch waits go at once, and once', () => {
    const { throttle, sent, way, report } = setUp({ isOpen: false })
    for (let n = 0; n < 60; n++) report(`t${n}`, 0.1)
    way.isOpen = true
    throttle.resume()
    throttle.settle('t59')
    expect(sent.at(-1)).toEqual(['t59', 0.1])
    vi.advanceTimersByTime(1_000)
    expect(sent).toHaveLength(60)
  })

  test('are kept again if the way out closes between two batches', () => {
    const { throttle, sent, way, report } = setUp({ isOpen: false })
    for (let n = 0; n < 120; n++) report(`t${n}`, 0.1)
    way.isOpen = true
    throttle.resume()
    way.isOpen = false
    vi.advanceTimersByTime(1_000)
    expect(sent).toHaveLength(50)
    way.isOpen = true
    throttle.resume()
    vi.advanceTimersByTime(1_000)
    expect(sent).toHaveLength(120)
  })

  test('are tried no further after the first that fails', () => {
    const { throttle, way, report } = setUp({ isOpen: false })
    for (let n = 0; n < 120; n++) report(`t${n}`, 0.1)
    throttle.resume()
    expect(vi.getTimerCount()).toBe(0)
    way.isOpen = true
    throttle.close()
  })
})

test('nothing is sent and no timer runs after the end, whatever is reported', () => {
  const { throttle, sent, way, report } = setUp({ isOpen: false })
  for (let n = 0; n < 60; n++) report(`t${n}`, 0.1)
  way.isOpen = true
  throttle.resume()
  throttle.close()
  expect(vi.getTimerCount()).toBe(0)
  report('t', 0.5)
  throttle.settle('t')
  throttle.resume()
  expect(sent).toHaveLength(50)
})

test('a task that is dropped for the bound leaves no timer behind', () => {
  const { throttle, way, report } = setUp()
  report('first', 0.1)
  way.isOpen = false
  for (let n = 0; n < 1_000; n++) report(`t${n}`, 0.1)
  expect(vi.getTimerCount()).toBe(0)
  throttle.close()
})
