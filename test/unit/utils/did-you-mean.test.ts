import { expect, test } from 'vitest'
import { didYouMean, similarName } from '../../../src/utils/did-you-mean.js'

const KNOWN = ['taskType', 'params', 'description', 'maxConcurrentTasks']

test.each([
  ['tasktype', 'taskType'],
  ['task_type', 'taskType'],
  ['prams', 'params'],
  ['parmas', 'params'],
  ['paramss', 'params'],
  ['Description', 'description'],
  ['discription', 'description'],
  ['max_concurrent_tasks', 'maxConcurrentTasks'],
  ['maxConcurentTask', 'maxConcurrentTasks'],
])('"%s" probably means "%s"', (given, known) => {
  expect(similarName(given, KNOWN)).toBe(known)
  expect(didYouMean(given, KNOWN)).toBe(`did you mean "${known}"?`)
})

test.each(['timeout', 'x', '', 'retries'])('"%s" is similar to none, so all are listed', (given) => {
  expect(similarName(given, KNOWN)).toBeUndefined()
  expect(didYouMean(given, KNOWN)).toBe('known are taskType, params, description, maxConcurrentTasks')
})
