import { expect, test } from 'vitest'
import { ShutdownError, TaskCancelledError } from '../../../src/errors.js'
import { TaskSignal } from '../../../src/tasks/task-signal.js'

test('the first reason wins', () => {
  const task = new TaskSignal()
  const { signal } = task
  expect([task.reason, signal.aborted]).toEqual([undefined, false])
  const first = new TaskCancelledError()
  task.abort(first)
  task.abort(new ShutdownError())
  expect(task.reason).toBe(first)
  expect(signal.reason).toBe(first)
})

test('a signal that is asked for after the abort has aborted', () => {
  const task = new TaskSignal()
  const reason = new ShutdownError()
  task.abort(reason)
  expect(task.signal.aborted).toBe(true)
  expect(task.signal.reason).toBe(reason)
})

test('it can be asked in passing', () => {
  const task = new TaskSignal()
  task.throwIfAborted()
  const reason = new ShutdownError()
  task.abort(reason)
  expect(() => task.throwIfAborted()).toThrow(reason)
})

test('the signal is the same each time', () => {
  const task = new TaskSignal()
  expect(task.signal).toBe(task.signal)
})
