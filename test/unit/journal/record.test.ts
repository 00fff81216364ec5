import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JournalEntry } from '../../../src/journal/entries.js'
import { decodeEntries, encodeEntries, Unreadable } from '../../../src/journal/record.js'
import { jsonText } from '../../../src/utils/json.js'
import { anyEntry } from './arbitrary-entries.js'

const line = (json: string, version = '2') =>
  Buffer.from(`${version} ${crc32(json).toString(16).padStart(8, '0')} ${json}`)

test('a group of entries is one line: version, checksum, JSON', () => {
  const common = { from: 'http://o', workerId: 'w' }
  const result = { jobId: 'j', taskId: 't2', workerId: 'w', outcome: { kind: 'cancelled' } } as const
  expect(
    encodeEntries([
      { fact: 'settled', taskId: 't1' },
      { fact: 'accepted', ...common, jobId: 'j', taskId: 't3', taskName: 'echo' },
      { fact: 'finished', from: 'http://o', result },
      { fact: 'accepted', ...common, workerId: 'w2', jobId: 'j', taskId: 't4', taskName: 'echo' },
    ]),
  ).toBe(
    '2 c94e500b [["settled","t1"],["from","http://o","w"],["accepted","j","t3","echo"],' +
      `["finished",${JSON.stringify(result)}],["from","http://o","w2"],["accepted","j","t4","echo"]]\n`,
  )
})

test('decoding a line returns the entries that were encoded', () => {
  fc.assert(
    fc.property(fc.array(anyEntry), (entries) => {
      const written = encodeEntries(entries)
      expect(written.indexOf('\n')).toBe(written.length - 1)
      expect(decodeEntries(Buffer.from(written.slice(0, -1)))).toEqual(entries)
    }),
  )
})

test('a line of version 1 is one entry, as an object', () => {
  fc.assert(
    fc.property(anyEntry, (entry) => {
      expect(decodeEntries(line(jsonText(entry), '1'))).toEqual([entry])
    }),
  )
})

test('a bigint in a result keeps its digits', () => {
  const outcome = { kind: 'value', status: 'success', data: { id: 9_007_199_254_740_993n } }
  const entry = { fact: 'finished', from: 'o', result: { jobId: 'j', taskId: 't', workerId: 'w', outcome } }
  const written = encodeEntries([entry as unknown as JournalEntry])
  expect(written).toContain('"id":9007199254740993}')
  expect(decodeEntries(Buffer.from(written.slice(0, -1)))).toEqual([entry])
})

test.each([
  ['an empty line', Buffer.from('')],
  ['another version', line('[["settled","t1"]]', '3')],
  ['a checksum that does not match', Buffer.from('2 00000000 [["settled","t1"]]')],
  ['text that is not JSON', line('[["settled"')],
  ['JSON that is not an array', line('{"fact":"settled","taskId":"t1"}')],
  ['an item that is not an array', line('["settled"]')],
  ['an entry of an unknown kind', line('[["forgotten","t1"]]')],
  ['a kind that is the name of a member of every object', line('[["constructor"]]')],
  ['an entry without a required member', line('[["settled"]]')],
  ['an entry without an orchestrator before it', line('[["accepted","j","t","echo"]]')],
  ['a good entry beside a bad one', line('[["settled","t1"],["settled",1]]')],
  [
    'a result without an outcome',
    line('[["from","u","w"],["finished",{"jobId":"j","taskId":"t","workerId":"w"}]]'),
  ],
  ['an old line with an array', line('["settled"]', '1')],
  ['an old entry of an unknown kind', line('{"fact":"forgotten","taskId":"t1"}', '1')],
  ['an old entry without a required member', line('{"fact":"settled"}', '1')],
])('%s is unreadable', (_what, bytes) => {
  expect(decodeEntries(bytes)).toBeInstanceOf(Unreadable)
})
