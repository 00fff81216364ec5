import { expect, test } from 'vitest'
import { costOf } from '../../../bench/lib/growth.mjs'
import { rawLoop, signingWorker, variant, work, worker } from '../../../bench/lib/subjects.mjs'

/** Figures are not compared: only a quiet machine gives figures that mean something. */
test.each([
  ['the raw loop', rawLoop],
  ['the worker', worker],
  ['the worker without a journal', variant(worker, 'no journal', { WORKER_JOURNAL: 'off' })],
  ['the worker that checks and signs', signingWorker],
])('the bench runs all tasks of %s', async (_, subject) => {
  const report = await work(subject, { tasks: 50, slots: 10 })
  expect(report).toMatchObject({ delivered: 50, failures: 0, duplicates: 0, unknown: 0 })
  expect(report.tasksPerSecond).toBeGreaterThan(0)
})

test.each([
  ['slow tasks', { taskMs: 1 }],
  ['large payloads', { payloadBytes: 10_000 }],
  ['results that wait', { waiting: 20 }],
  ['results that are left', { left: 20, tasks: 1, warmUp: 0 }],
])('the bench of growth measures %s', async (_, load) => {
  const cost = await costOf({ tasks: 50, slots: 10, warmUp: 10, ...load })
  expect(Object.values(cost).every((figure) => figure > 0)).toBe(true)
})

test('a stub that ends early is an error of the bench, not a figure', async () => {
  const impossible = { tasks: 1, slots: 1, payloadBytes: -1 }
  await expect(work(worker, impossible)).rejects.toThrow('The stub ended before it had reported')
})
