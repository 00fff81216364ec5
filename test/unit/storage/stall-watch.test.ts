import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { destroyWhenStalled } from '../../../src/storage/stall-watch.js'

const SILENCE_MS = 30_000

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const watched = () => {
  const body = new Readable({ read() {} })
  const errors: Error[] = []
  body.on('error', (error) => errors.push(error))
  const received = { bytes: 0 }
  const watch = destroyWhenStalled(body, SILENCE_MS, () => received.bytes)
  return { body, errors, received, watch }
}

test('destroys a body that brings nothing, after the silence and not earlier', async () => {
  const { body, errors } = watched()
  await vi.advanceTimersByTimeAsync(SILENCE_MS - 1)
  expect(body.destroyed).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(errors).toEqual([new Error('no byte arrived for 30000 ms')])
})

test('waits for another silence whenever something has arrived', async () => {
  const { body, received } = watched()
  for (let time = 0; time < 3; time++) {
    received.bytes++
    await vi.advanceTimersByTimeAsync(SILENCE_MS)
    expect(body.destroyed).toBe(false)
  }
  await vi.advanceTimersByTimeAsync(SILENCE_MS - 1)
  expect(body.destroyed).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(body.destroyed).toBe(true)
})

test.each([0, 1])('leaves no timer when it is cancelled after %i comparisons', async (comparisons) => {
  const { body, received, watch } = watched()
  received.bytes++
  await vi.advanceTimersByTimeAsync(comparisons * SILENCE_MS)
  watch.cancel()
  expect(vi.getTimerCount()).toBe(0)
  await vi.advanceTimersByTimeAsync(3 * SILENCE_MS)
  expect(body.destroyed).toBe(false)
})
