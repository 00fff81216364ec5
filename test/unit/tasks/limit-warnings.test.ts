import { expect, test } from 'vitest'
import { limitWarnings } from '../../../src/tasks/limit-warnings.js'

const definition = (name: string, taskType = name) => ({
  name,
  taskType,
  params: undefined,
  handler: () => {},
})

test('warns of a limit for a type that no task has', () => {
  expect(limitWarnings([definition('echo')], { gpu: 1 })).toEqual([
    'unused limit: taskTypeLimits has "gpu", but no task has this type',
  ])
})

test('warns of a task whose type has no limit', () => {
  expect(limitWarnings([definition('paint', 'gpu'), definition('echo')], { cpu: 1 })).toEqual([
    'unused limit: taskTypeLimits has "cpu", but no task has this type',
    'missing limit: task "paint" has the type "gpu", but taskTypeLimits has no such entry',
  ])
})

test('does not warn if types and limits match, or if there are none', () => {
  expect(limitWarnings([definition('paint', 'gpu'), definition('echo')], { gpu: 1 })).toEqual([])
  expect(limitWarnings([definition('echo')], {})).toEqual([])
})

test('a limit by the name of a task is used by the task without a type', () => {
  expect(limitWarnings([definition('echo')], { echo: 1 })).toEqual([])
})

test('a type named like a member of every object has no limit', () => {
  expect(limitWarnings([definition('paint', 'constructor')], {})).toHaveLength(1)
})
