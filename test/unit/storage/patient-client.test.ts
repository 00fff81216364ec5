import { expect, test } from 'vitest'
import { wishOf } from '../../../src/storage/patient-client.js'

const answered = (retryAfter: string | undefined) =>
  Object.assign(new Error('busy'), { $response: { headers: { 'retry-after': retryAfter } } })

test.each([
  ['2', 2_000],
  ['0.5', 500],
  ['3600', 30_000],
  ['-1', 0],
  ['Wed, 21 Oct 2026 07:28:00 GMT', 0],
  ['', 0],
  [undefined, 0],
])('a store that answers with Retry-After: %s gets a pause of at least %i ms', (retryAfter, ms) => {
  expect(wishOf(answered(retryAfter))).toBe(ms)
})

test.each([new Error('no answer'), undefined, 'text'])('%s asks for no pause', (error) => {
  expect(wishOf(error)).toBe(0)
})
