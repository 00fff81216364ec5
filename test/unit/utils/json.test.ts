import { expect, test } from 'vitest'
import { isObject } from '../../../src/utils/json.js'

test.each([{}, Object.create(null), new Date(), new Map()])('%o is an object', (value) => {
  expect(isObject(value)).toBe(true)
})

test.each([null, undefined, [], 'text', 1, true, () => {}, 1n, Symbol('s')])('%o is not', (value) => {
  expect(isObject(value)).toBe(false)
})
