import { expect, test } from 'vitest'
import { limitWarnings } from '../../../src/tasks/limit-warnings.js'

const definition = (name: string, taskType?: string) => ({
  name,
  taskType,
  params: undefined,
  handler: () => {},
})

test('a limit for a type that no task has is named', () => {
  expect(limitWarnings([definition('echo')], { gpu: 1 })).toEqual([
    'taskTypeLimits has a limit for "gpu", a type that no task has',
  ])
})

test('a type that no limit names is named, with its task', () => {
  expect(limitWarnings([definition('paint', 'gpu'), definition('echo')], { cpu: 1 })).toEqual([
    'taskTypeLimits has a limit for "cpu", a type that no task has',
    'the task "paint" has the type "gpu", which no limit in taskTypeLimits names',
  ])
})

test('types and limits that fit, or neither of them, are nothing to say', () => {
  expect(limitWarnings([definition('paint', 'gpu'), definition('echo')], { gpu: 1 })).toEqual([])
  expect(limitWarnings([definition('echo')], {})).toEqual([])
})

test('a type called like a member of every object has no limit', () => {
  expect(limitWarnings([definition('paint', 'constructor')], {})).toHaveLength(1)
})
