import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { StartWatch } from '../../../src/cli/jobs/start-watch.js'
import type { ClientJob } from '../../../src/client/index.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const waiting = {
  status: 'pending',
  raw: { blueprint_name: 'one_task', initial_data: { type: 'resise' } },
} as unknown as ClientJob

const watch = (offered: readonly string[] | undefined) => {
  const lines: string[] = []
  const start = new StartWatch(
    () => Promise.resolve(offered),
    (line) => lines.push(line),
  )
  return { start, lines }
}

test.each([
  [['resize', 'crop'], ['No worker offers "resise": did you mean "resize"?']],
  [['mail', 'crop'], ['No worker offers "resise": known are mail, crop']],
  [['\u001b[31mresize'], ['No worker offers "resise": known are  [31mresize']],
  [[], ['No worker is connected. The job waits for a worker that offers "resise".']],
  [['resise'], []],
  [undefined, []],
])('a job that waits for 2 s while workers offer %j', async (offered, expected) => {
  const { start, lines } = watch(offered)
  start.changed(waiting)
  await vi.advanceTimersByTimeAsync(1_999)
  expect(lines).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(lines).toEqual(expected)
  start.changed({ ...waiting, retryCount: 1 })
  await vi.advanceTimersByTimeAsync(2_000)
  expect(lines).toEqual(expected)
})

test.each([
  ['started', { ...waiting, workerId: 'w1' }],
  ['ended', { ...waiting, outcome: 'quarantined' as const }],
])('a job that has %s in time is not spoken of', async (_, job) => {
  const { start, lines } = watch([])
  start.changed(waiting)
  start.changed(job)
  expect(vi.getTimerCount()).toBe(0)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(lines).toEqual([])
})

test('a job whose blueprint names its task itself is not spoken of', () => {
  const { start } = watch([])
  start.changed({ ...waiting, raw: { blueprint_name: 'orders', initial_data: { type: 'invoice' } } })
  expect(vi.getTimerCount()).toBe(0)
})

test('nothing is printed after the end, and no timer is left', async () => {
  const { start, lines } = watch([])
  start.changed(waiting)
  vi.advanceTimersByTime(2_000)
  start.close()
  await vi.runAllTimersAsync()
  start.changed(waiting)
  expect([lines, vi.getTimerCount()]).toEqual([[], 0])
})
