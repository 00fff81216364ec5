import { expect, test } from 'vitest'
import { dialectByHeader, dialectByTokens, generationByEvents } from '../../../src/protocol/select.js'

const answer = (status: number, headers = {}) => ({ status, text: '', headers })

test('§2.3.2 the header shows the second generation, whatever the status', () => {
  expect(dialectByHeader(answer(200, { 'x-rxon-version': '1.0b17' }))).toBe('rxon')
  expect(dialectByHeader(answer(429, { 'x-rxon-version': '1.0b17' }))).toBe('rxon')
  expect(dialectByHeader(answer(200))).toBe(undefined)
})

test.each([
  ['1.0b3', 'named'],
  ['1.0b5', 'early'],
  ['1.0b7', 'early'],
  ['1.0b10', 'rxon'],
  ['1.0b17', 'rxon'],
  ['2.0', 'rxon'],
])('§2.8.1 the version %s of the wire is spoken to as %s', (version, dialect) => {
  expect(dialectByHeader(answer(200, { 'x-rxon-version': version }))).toBe(dialect)
})

test.each([
  [405, 'flat'],
  [404, 'classic'],
  [401, 'classic'],
  [200, 'classic'],
  [429, undefined],
  [503, undefined],
])('§2.8.2 a wrong method where tokens are given out, answered %i, shows: %s', (status, dialect) => {
  expect(dialectByTokens(answer(status))).toBe(dialect)
})

test.each([
  [404, 'classic'],
  [401, 'classic'],
  [200, 'classic'],
  [400, 'rxon'],
  [403, 'rxon'],
  [422, 'rxon'],
  [429, undefined],
  [500, undefined],
  [503, undefined],
])('§2.3.3 an event that says nothing, answered %i, shows: %s', (status, generation) => {
  expect(generationByEvents(answer(status))).toBe(generation)
})
