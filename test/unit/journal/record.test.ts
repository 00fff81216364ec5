import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeFact, encodeFact, Unreadable } from '../../../src/journal/record.js'
import { anyFact } from './arbitrary-facts.js'

const line = (json: string, version = '1') =>
  Buffer.from(`${version} ${crc32(json).toString(16).padStart(8, '0')} ${json}`)

test('a fact is one line: version, checksum, JSON', () => {
  expect(encodeFact({ fact: 'settled', taskId: 't1' })).toBe('1 cd9c39b0 {"fact":"settled","taskId":"t1"}\n')
})

test('any fact comes back from its line', () => {
  fc.assert(
    fc.property(anyFact, (fact) => {
      const written = encodeFact(fact)
      expect(written.indexOf('\n')).toBe(written.length - 1)
      expect(decodeFact(Buffer.from(written.slice(0, -1)))).toEqual(fact)
    }),
  )
})

test.each([
  ['nothing', Buffer.from('')],
  ['another version', line('{"fact":"settled","taskId":"t1"}', '2')],
  ['a checksum that does not match', Buffer.from('1 00000000 {"fact":"settled","taskId":"t1"}')],
  ['no JSON', line('{"fact":')],
  ['no object', line('["settled"]')],
  ['a fact that is not known', line('{"fact":"forgotten","taskId":"t1"}')],
  ['the name of what every object has', line('{"fact":"constructor"}')],
  ['a fact that lacks something', line('{"fact":"settled"}')],
  [
    'a result without an outcome',
    line('{"fact":"finished","from":"u","result":{"jobId":"j","taskId":"t","workerId":"w"}}'),
  ],
])('%s is unreadable', (_what, bytes) => {
  expect(decodeFact(bytes)).toBeInstanceOf(Unreadable)
})
