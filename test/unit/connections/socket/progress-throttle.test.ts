import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ProgressThrottle } from '../../../../src/connections/socket/progress-throttle.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const lineTo = (isOpen: () => boolean = () => true) => {
  const sent: [taskId: string, progress: number][] = []
  const line = new ProgressThrottle(({ taskId, progress }) => {
    if (isOpen()) sent.push([taskId, progress])
    return isOpen()
  })
  const report = (taskId: string, progress: number) =>
    line.report({ taskId, jobId: 'j', progress, message: '' })
  return { line, sent, report }
}

test('the first goes at once, then the newest of each half second', () => {
  const { line, sent, report } = lineTo()
  for (let n = 0; n < 100; n++) {
    report('t', n)
    vi.advanceTimersByTime(50)
  }
  line.settle('t')
  // 5 s at two a second, the first and the last.
  expect(sent.map(([, progress]) => progress)).toEqual([0, 9, 19, 29, 39, 49, 59, 69, 79, 89, 99])
})

test('a quiet task costs no timer, and is forgotten', () => {
  const { sent, report } = lineTo()
  report('t', 0.1)
  vi.advanceTimersByTime(500)
  expect(vi.getTimerCount()).toBe(0)
  report('t', 0.2)
  vi.advanceTimersByTime(500)
  expect(sent).toHaveLength(2)
})

test('nothing is left of a task that has been settled', () => {
  const { line, sent, report } = lineTo()
  report('t', 0.1)
  report('t', 0.2)
  line.settle('t')
  line.settle('t')
  line.settle('unknown')
  vi.advanceTimersByTime(10_000)
  line.resume()
  expect(sent).toEqual([
    ['t', 0.1],
    ['t', 0.2],
  ])
})

test('what cannot be sent is kept, of a thousand tasks at most, those that reported last', () => {
  let isOpen = false
  const { line, sent, report } = lineTo(() => isOpen)
  for (let n = 0; n <= 1_000; n++) report(`t${n}`, 0.1)
  report('t1', 0.2)
  report('t1001', 0.1)
  isOpen = true
  line.resume()
  expect(sent).toHaveLength(1_000)
  expect(sent.slice(-2)).toEqual([
    ['t1', 0.2],
    ['t1001', 0.1],
  ])
  expect(sent[0]).toEqual(['t3', 0.1])
  line.close()
})
