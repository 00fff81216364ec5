import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JournalEntry } from '../../../src/journal/entries.js'
import { decodeEntry, encodeEntry, Unreadable } from '../../../src/journal/record.js'
import { anyEntry } from './arbitrary-entries.js'

const line = (json: string, version = '1') =>
  Buffer.from(`${version} ${crc32(json).toString(16).padStart(8, '0')} ${json}`)

test('an entry is one line: version, checksum, JSON', () => {
  expect(encodeEntry({ fact: 'settled', taskId: 't1' })).toBe('1 cd9c39b0 {"fact":"settled","taskId":"t1"}\n')
})

test('decoding a line returns the entry that was encoded', () => {
  fc.assert(
    fc.property(anyEntry, (entry) => {
      const written = encodeEntry(entry)
      expect(written.indexOf('\n')).toBe(written.length - 1)
      expect(decodeEntry(Buffer.from(written.slice(0, -1)))).toEqual(entry)
    }),
  )
})

test('a bigint in a result keeps its digits', () => {
  const outcome = { kind: 'value', status: 'success', data: { id: 9_007_199_254_740_993n } }
  const entry = { fact: 'finished', from: 'o', result: { jobId: 'j', taskId: 't', workerId: 'w', outcome } }
  const written = encodeEntry(entry as unknown as JournalEntry)
  expect(written).toContain('"id":9007199254740993}')
  expect(decodeEntry(Buffer.from(written.slice(0, -1)))).toEqual(entry)
})

test.each([
  ['an empty line', Buffer.from('')],
  ['another version', line('{"fact":"settled","taskId":"t1"}', '2')],
  ['a checksum that does not match', Buffer.from('1 00000000 {"fact":"settled","taskId":"t1"}')],
  ['text that is not JSON', line('{"fact":')],
  ['JSON that is not an object', line('["settled"]')],
  ['an entry of an unknown kind', line('{"fact":"forgotten","taskId":"t1"}')],
  ['a kind that is the name of a member of every object', line('{"fact":"constructor"}')],
  ['an entry without a required member', line('{"fact":"settled"}')],
  [
    'a result without an outcome',
    line('{"fact":"finished","from":"u","result":{"jobId":"j","taskId":"t","workerId":"w"}}'),
  ],
])('%s is unreadable', (_what, bytes) => {
  expect(decodeEntry(bytes)).toBeInstanceOf(Unreadable)
})
