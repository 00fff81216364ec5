import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { FileSink } from '../../../src/storage/file-sink.js'
import { temporaryFolder } from '../../support/files/temporary-folder.js'

const sinkFor = async (flags: string) => {
  const path = join(await temporaryFolder(), 'file')
  await writeFile(path, '')
  const file = await open(path, flags)
  onTestFinished(() => file.close())
  return { sink: new FileSink(file), path }
}

test('writes all pieces, in order', async () => {
  const { sink, path } = await sinkFor('r+')
  const pieces = Array.from({ length: 50 }, (_, index) => Buffer.alloc(20_000, String(index % 10)))
  for (const piece of pieces) await sink.add(piece)
  await sink.flush()
  expect(sink.length).toBe(1_000_000)
  expect(sink.hasFailed).toBe(false)
  expect((await readFile(path)).equals(Buffer.concat(pieces))).toBe(true)
})

test('remembers that a write has failed, because bytes are missing then', async () => {
  const { sink } = await sinkFor('r')
  void sink.add(Buffer.from('a'))
  await expect(sink.flush()).rejects.toThrow('EBADF')
  expect(sink.hasFailed).toBe(true)
})
