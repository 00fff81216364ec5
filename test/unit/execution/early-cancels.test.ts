import { expect, test } from 'vitest'
import { EarlyCancels } from '../../../src/execution/early-cancels.js'

const here = {}
const there = {}

test('a cancel is remembered until its task comes, and no longer', () => {
  const cancels = new EarlyCancels()
  cancels.add('t1', here)
  expect([cancels.take('t1', here), cancels.take('t1', here)]).toEqual([true, false])
})

test('a cancel counts only for what comes from the same orchestrator', () => {
  const cancels = new EarlyCancels()
  cancels.add('t1', here)
  expect([cancels.take('t1', there), cancels.take('t1', here)]).toEqual([false, true])
})

test('the newest thousand of each orchestrator are kept', () => {
  const cancels = new EarlyCancels()
  cancels.add('elsewhere', there)
  for (let n = 0; n <= 1_000; n++) cancels.add(`t${n}`, here)
  expect(['t0', 't1', 't1000'].map((id) => cancels.take(id, here))).toEqual([false, true, true])
  expect(cancels.take('elsewhere', there)).toBe(true)
})
