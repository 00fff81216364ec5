import { expect, test } from 'vitest'
import { Condition } from '../../../src/utils/condition.js'

test('what holds already is not waited for', async () => {
  await new Condition().until(() => true)
})

test('each waiter goes on when its own condition holds, and only when told to look', async () => {
  const changed = new Condition()
  const passed: number[] = []
  let level = 0
  const waiters = [1, 2].map((needed) => changed.until(() => level >= needed).then(() => passed.push(needed)))
  changed.notify()
  await Promise.resolve()
  expect(passed).toEqual([])
  level = 1
  await Promise.resolve()
  expect(passed).toEqual([])
  changed.notify()
  await waiters[0]
  expect(passed).toEqual([1])
  level = 2
  changed.notify()
  await Promise.all(waiters)
  expect(passed).toEqual([1, 2])
})
