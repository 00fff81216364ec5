import * as sdk from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { patientS3, type S3, wishOf } from '../../../src/storage/patient-client.js'
import type { S3Clients } from '../../../src/storage/s3-client.js'
import { CredentialsError } from '../../../src/storage/s3-errors.js'
import { StoreHealth } from '../../../src/storage/store-health.js'

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

describe('while credentials cannot be loaded', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const failAfterMs = async (act: (s3: S3) => Promise<unknown>): Promise<number> => {
    const clients = {
      sdk,
      silenceMs: 1,
      placeOf: () => ({}),
      at: () => ({ send: () => Promise.reject(new CredentialsError('none')) }),
      learn: () => false,
    } as unknown as S3Clients
    const { signal } = new AbortController()
    const limits = { maxMs: 60_000, credentialsMs: 20_000, signal }
    const startMs = performance.now()
    let isOver = false
    const failed = act(patientS3(clients, new StoreHealth('store', undefined), limits)).catch(() => {
      isOver = true
    })
    await vi.advanceTimersByTimeAsync(0)
    while (!isOver) await vi.advanceTimersToNextTimerAsync()
    await failed
    return performance.now() - startMs
  }

  test('a transfer has less time', async () => {
    const head = new sdk.HeadObjectCommand({ Bucket: 'b', Key: 'k' })
    expect(await failAfterMs(({ client }) => client.send(head))).toBe(20_000)
  })
})
