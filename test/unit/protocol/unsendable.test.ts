import { describe, expect, test } from 'vitest'
import { BODY_LIMIT, isWithinLimit, sendable, UnsendableError } from '../../../src/protocol/unsendable.js'

describe('the longest body', () => {
  test.each([
    ['one byte a character', 'x', 1],
    ['two bytes a character', 'ä', 2],
    ['three bytes a character', '€', 3],
    ['four bytes a character', '😀', 4],
  ])('is counted in bytes: %s', (_, character, bytes) => {
    const most = character.repeat(Math.floor(BODY_LIMIT / bytes))
    expect(isWithinLimit(most)).toBe(true)
    expect(isWithinLimit(most + character)).toBe(false)
  })

  test('is named by the error, with the length of the body', () => {
    expect(() => sendable(() => 'x'.repeat(BODY_LIMIT + 1))).toThrow(
      'takes 1,048,577 bytes, and an orchestrator reads at most 1,048,576',
    )
  })
})

test('a body that cannot be written is an error with its cause', () => {
  const cause = new RangeError('Invalid string length')
  const write = () => {
    throw cause
  }
  expect(() => sendable(write)).toThrow(UnsendableError)
  expect(() => sendable(write)).toThrow(expect.objectContaining({ cause }))
})
