import { expect, test } from 'vitest'
import { generationByEvents, generationByHeader } from '../../../src/protocol/select.js'

const answer = (status: number, headers = {}) => ({ status, text: '', headers })

test('§2.3.2 the header shows the second generation, whatever the status', () => {
  expect(generationByHeader(answer(200, { 'x-rxon-version': '1.0b17' }))).toBe('rxon')
  expect(generationByHeader(answer(429, { 'x-rxon-version': '1.0b17' }))).toBe('rxon')
  expect(generationByHeader(answer(200))).toBe(undefined)
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
