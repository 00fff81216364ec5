import { expect, test } from 'vitest'
import { deliveryPolicy } from '../../../src/runtime/delivery-policy.js'

const SETTINGS = { resultMaxRetries: 5, resultRetryInitialDelayMs: 1_000 }

const policyWith = (global: number) => deliveryPolicy(SETTINGS, { limits: { global } })

test.each([
  [1, 16],
  [100, 200],
  [128, 256],
  [10_000, 256],
])('§1.5.16 a worker with %i slots has at most %i results in flight', (slots, atOnce) => {
  expect(policyWith(slots).atOnce).toBe(atOnce)
})

test('the bound of waiting results follows the slots', () => {
  expect([10, 1_000].map((slots) => policyWith(slots).bound)).toEqual([1_000, 4_000])
})
