import { expect, test } from 'vitest'
import { standbyIdFor } from '../../../src/takeover/standby-id.js'

const held = (workerId: string, isAnnounced: boolean) => ({ workerId, ms: 1_000, isAnnounced })

test('the first standby has the suffix alone', () => {
  expect(standbyIdFor('w1', [])).toBe('w1-standby')
  expect(standbyIdFor('w1', [held('w1', false), held('w2-standby', true)])).toBe('w1-standby')
})

test('ids whose workers ended in order are left alone while their polls last', () => {
  const polls = [held('w1', true), held('w1-standby', true), held('w1-standby-3', true)]
  expect(standbyIdFor('w1', polls)).toBe('w1-standby-2')
  expect(standbyIdFor('w1', [...polls, held('w1-standby-2', true)])).toBe('w1-standby-4')
})

test('the id of a standby that was killed is taken again: somebody has to say that it takes no tasks', () => {
  const polls = [held('w1', true), held('w1-standby', true), held('w1-standby-2', false)]
  expect(standbyIdFor('w1', polls)).toBe('w1-standby-2')
})

test('no id is longer than every orchestrator accepts', () => {
  const longest = 'w'.repeat(128)
  const first = standbyIdFor(longest, [])
  const second = standbyIdFor(longest, [held(first, true)])
  expect([first, second].map(({ length }) => length)).toEqual([128, 128])
  expect(second).not.toBe(first)
})
