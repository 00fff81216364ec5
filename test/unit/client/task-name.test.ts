import { expect, test } from 'vitest'
import { taskNameIn } from '../../../src/client/task-name.js'

test.each([
  [{ type: 'resize' }, 'resize'],
  [{ skill: 'resize' }, 'resize'],
  [{ type: 5 }, undefined],
  [{}, undefined],
  [null, undefined],
  ['resize', undefined],
])('the task of a job with the initial data %j is %s', (initialData, name) => {
  expect(taskNameIn(initialData)).toBe(name)
})
