import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JournalEntry } from '../../../src/journal/entries.js'
import { JournalState } from '../../../src/journal/journal-state.js'
import { encodeEntries } from '../../../src/journal/record.js'
import { replay } from '../../../src/journal/replay.js'
import { anyEntry } from './arbitrary-entries.js'

const bytesOf = (entries: readonly JournalEntry[]) =>
  Buffer.from(entries.map((entry) => encodeEntries([entry])).join(''))

const stateOf = (entries: readonly JournalEntry[]) => {
  const state = new JournalState()
  for (const entry of entries) state.apply(entry)
  return state
}

const someEntries = fc.array(anyEntry, { minLength: 1, maxLength: 12 })

describe('replaying a journal', () => {
  test('an empty journal has no entries', () => {
    expect(replay(Buffer.alloc(0))).toMatchObject({ damage: [], tornBytes: 0, state: { entries: [] } })
  })

  test('a task is open from `accepted` to `settled`, and `finished` replaces `accepted`', () => {
    const accepted = {
      fact: 'accepted',
      from: 'u',
      workerId: 'w',
      jobId: 'j',
      taskId: 't',
      taskName: 'n',
    } as const
    const result = { jobId: 'j', taskId: 't', workerId: 'w', outcome: { kind: 'cancelled' } } as const
    const finished = { fact: 'finished', from: 'u', result } as const
    const settled = { fact: 'settled', taskId: 't' } as const
    expect(stateOf([accepted]).tasks).toEqual([accepted])
    expect(stateOf([accepted, finished]).tasks).toEqual([finished])
    expect(stateOf([accepted, finished, settled]).tasks).toEqual([])
    expect(stateOf([settled, accepted]).tasks).toEqual([accepted])
  })

  test('a journal that is rewritten from its state has the same state', () => {
    fc.assert(
      fc.property(someEntries, (entries) => {
        const { state } = replay(bytesOf(entries))
        const again = replay(bytesOf(state.entries))
        expect(again.state.entries).toEqual(state.entries)
      }),
    )
  })

  test('a journal that is cut at any byte has the state of its complete lines', () => {
    fc.assert(
      fc.property(someEntries, (entries) => {
        const bytes = bytesOf(entries)
        const ends = entries.map((_, index) => bytesOf(entries.slice(0, index + 1)).length)
        for (let length = 0; length <= bytes.length; length++) {
          // A last line that lacks only its line break is complete.
          const whole = ends.filter((end) => end - 1 <= length).length
          const { state, damage, tornBytes } = replay(bytes.subarray(0, length))
          expect(state.entries).toEqual(stateOf(entries.slice(0, whole)).entries)
          expect(damage).toEqual([])
          expect(tornBytes).toBe(Math.max(0, length - (ends[whole - 1] ?? 0)))
        }
      }),
      { numRuns: 10 },
    )
  })

  test('a group of entries is a line: it has the same state, and is read whole or not at all', () => {
    fc.assert(
      fc.property(someEntries, someEntries, (first, second) => {
        const [one, two] = [Buffer.from(encodeEntries(first)), Buffer.from(encodeEntries(second))]
        expect(replay(Buffer.concat([one, two])).state.entries).toEqual(
          stateOf([...first, ...second]).entries,
        )
        const torn = replay(Buffer.concat([one, two.subarray(0, two.length - 2)]))
        expect(torn.state.entries).toEqual(stateOf(first).entries)
        expect(torn.tornBytes).toBe(two.length - 2)
      }),
      { numRuns: 30 },
    )
  })

  test('a flipped bit costs its line and at most one neighbor, and adds nothing', () => {
    fc.assert(
      fc.property(someEntries, fc.nat(), fc.integer({ min: 0, max: 7 }), (entries, place, bit) => {
        const bytes = bytesOf(entries)
        const at = place % bytes.length
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at)
        const ends = entries.map((_, index) => bytesOf(entries.slice(0, index + 1)).length)
        const hit = ends.findIndex((end) => at < end)
        // A damaged line break joins two lines, and both are lost.
        const lost = at === (ends[hit] ?? 0) - 1 ? [hit, hit + 1] : [hit]
        const left = entries.filter((_, index) => !lost.includes(index))
        const { state, damage, tornBytes } = replay(bytes)
        expect(state.entries).toEqual(stateOf(left).entries)
        expect(damage.length + (tornBytes > 0 ? 1 : 0)).toBeGreaterThan(0)
      }),
      { numRuns: 300 },
    )
  })

  test('a page of zeros at the end, which a power cut can leave, is an incomplete last line', () => {
    const entry: JournalEntry = { fact: 'settled', taskId: 't' }
    expect(replay(Buffer.concat([bytesOf([entry]), Buffer.alloc(4096)]))).toMatchObject({
      damage: [],
      tornBytes: 4096,
    })
  })

  test('reports where a line is damaged and why', () => {
    const bytes = Buffer.from(`rubbish\n${encodeEntries([{ fact: 'settled', taskId: 't' }])}`)
    expect(replay(bytes).damage).toEqual([
      { offset: 0, bytes: 7, why: 'the line does not begin with a version and a checksum' },
    ])
  })
})
