import { expect, test } from 'vitest'
import { Attempts } from '../../../src/execution/attempts.js'
import { offerOf } from '../../support/execution/tasks-with.js'

const offer = (taskId: string, more: object = {}) => offerOf(taskId, { jobId: 'j1', ...more })

test('the failures of one step of a job are counted, whatever the ids of its tasks', () => {
  const attempts = new Attempts()
  expect(['a', 'b', 'c'].map((id) => attempts.failed(offer(`task-${id}`, { step: 2 })))).toEqual([1, 2, 3])
  expect(attempts.failed(offer('task-d', { step: 3 }))).toBe(1)
  expect(attempts.failed(offer('task-d', { step: 2, taskName: 'other' }))).toBe(1)
  expect(attempts.failed(offer('task-e', { step: 2, jobId: 'j2' }))).toBe(1)
})

test('a success ends the count', () => {
  const attempts = new Attempts()
  attempts.failed(offer('t1'))
  attempts.succeeded(offer('t2'))
  expect(attempts.failed(offer('t3'))).toBe(1)
})

test('branches of a parallel step count for themselves', () => {
  const attempts = new Attempts()
  expect(['b1', 'b2', 'b1'].map((id) => attempts.failed(offer(id, { step: 1 })))).toEqual([1, 1, 2])
})

test('a thousand steps are remembered, the latest ones', () => {
  const attempts = new Attempts()
  for (let n = 0; n <= 1_000; n++) attempts.failed(offer('task-1', { jobId: `job ${n}` }))
  expect(attempts.failed(offer('task-1', { jobId: 'job 1000' }))).toBe(2)
  expect(attempts.failed(offer('task-1', { jobId: 'job 0' }))).toBe(1)
})
