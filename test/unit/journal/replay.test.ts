import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fact } from '../../../src/journal/facts.js'
import { Ledger } from '../../../src/journal/ledger.js'
import { encodeFact } from '../../../src/journal/record.js'
import { replay } from '../../../src/journal/replay.js'
import { anyFact } from './arbitrary-facts.js'

const bytesOf = (facts: readonly Fact[]) => Buffer.from(facts.map(encodeFact).join(''))

const ledgerOf = (facts: readonly Fact[]) => {
  const ledger = new Ledger()
  for (const fact of facts) ledger.apply(fact)
  return ledger
}

const someFacts = fc.array(anyFact, { minLength: 1, maxLength: 12 })

describe('replaying', () => {
  test('an empty journal says nothing', () => {
    expect(replay(Buffer.alloc(0))).toMatchObject({ damage: [], tornBytes: 0, ledger: { facts: [] } })
  })

  test('a task is open from its acceptance until it is settled, and goes by its result once it has one', () => {
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
    expect(ledgerOf([accepted]).tasks).toEqual([accepted])
    expect(ledgerOf([accepted, finished]).tasks).toEqual([finished])
    expect(ledgerOf([accepted, finished, settled]).tasks).toEqual([])
    expect(ledgerOf([settled, accepted]).tasks).toEqual([accepted])
  })

  test('what a journal says it says again after it was rewritten', () => {
    fc.assert(
      fc.property(someFacts, (facts) => {
        const { ledger } = replay(bytesOf(facts))
        const again = replay(bytesOf(ledger.facts))
        expect(again.ledger.facts).toEqual(ledger.facts)
      }),
    )
  })

  test('cut anywhere, it says what its whole lines say', () => {
    fc.assert(
      fc.property(someFacts, (facts) => {
        const bytes = bytesOf(facts)
        const ends = facts.map((_, index) => bytesOf(facts.slice(0, index + 1)).length)
        for (let length = 0; length <= bytes.length; length++) {
          // A last line that lacks only its line break is whole.
          const whole = ends.filter((end) => end - 1 <= length).length
          const { ledger, damage, tornBytes } = replay(bytes.subarray(0, length))
          expect(ledger.facts).toEqual(ledgerOf(facts.slice(0, whole)).facts)
          expect(damage).toEqual([])
          expect(tornBytes).toBe(Math.max(0, length - (ends[whole - 1] ?? 0)))
        }
      }),
      { numRuns: 10 },
    )
  })

  test('with any bit turned over, it loses the line and at most its neighbour, and makes nothing up', () => {
    fc.assert(
      fc.property(someFacts, fc.nat(), fc.integer({ min: 0, max: 7 }), (facts, place, bit) => {
        const bytes = bytesOf(facts)
        const at = place % bytes.length
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at)
        const ends = facts.map((_, index) => bytesOf(facts.slice(0, index + 1)).length)
        const hit = ends.findIndex((end) => at < end)
        // The line break between two lines takes both of them with it.
        const lost = at === (ends[hit] ?? 0) - 1 ? [hit, hit + 1] : [hit]
        const left = facts.filter((_, index) => !lost.includes(index))
        const { ledger, damage, tornBytes } = replay(bytes)
        expect(ledger.facts).toEqual(ledgerOf(left).facts)
        expect(damage.length + (tornBytes > 0 ? 1 : 0)).toBeGreaterThan(0)
      }),
      { numRuns: 300 },
    )
  })

  test('a page of zeros at its end, as a power cut leaves it, is a torn line', () => {
    const fact: Fact = { fact: 'settled', taskId: 't' }
    expect(replay(Buffer.concat([bytesOf([fact]), Buffer.alloc(4096)]))).toMatchObject({
      damage: [],
      tornBytes: 4096,
    })
  })

  test('tells where it is damaged and why', () => {
    const bytes = Buffer.from(`rubbish\n${encodeFact({ fact: 'settled', taskId: 't' })}`)
    expect(replay(bytes).damage).toEqual([
      { offset: 0, bytes: 7, why: 'it does not begin like a line of a journal' },
    ])
  })
})
