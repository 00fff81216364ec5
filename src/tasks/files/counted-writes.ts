import fs from 'node:fs'
import { type FileHandle, writeFile } from 'node:fs/promises'
import { type Quota, sizeOf } from './quota.js'

/** The content of a file: text, bytes, or a stream or iterable of them. */
export type FileContent =
  | string
  | NodeJS.ArrayBufferView
  | Iterable<string | NodeJS.ArrayBufferView>
  | AsyncIterable<string | NodeJS.ArrayBufferView>

/** A file that is written, and the quota of its directory. */
export interface CountedFile {
  readonly path: string
  readonly quota: Quota
}

type Done = (error: Error | null, written: number, data?: unknown) => void

/** Counts bytes before they are written. Bytes that the system did not write are uncounted, because the stream writes them again. */
const count = (
  file: CountedFile | undefined,
  bytes: number,
  done: Done,
  write: (done: Done) => void,
): void => {
  if (!file) {
    write(done)
    return
  }
  const { path, quota } = file
  const counted = () =>
    write((error, written, data) => {
      quota.add(path, (error ? 0 : written) - bytes)
      done(error, written, data)
    })
  try {
    quota.add(path, bytes)
  } catch {
    quota.addMeasured(path, bytes).then(counted, (error: Error) => done(error, 0))
    return
  }
  counted()
}

/**
 * Returns `write` and `writev` of `node:fs` for a stream into a file, limited by a quota.
 *
 * @param file - called for each write, because the path is unknown until the file is open
 */
export const countedWrites = (file: () => CountedFile | undefined) => ({
  write: (fd: number, bytes: Uint8Array, offset: number, length: number, position: number, done: Done) =>
    count(file(), length, done, (each) => fs.write(fd, bytes, offset, length, position, each)),
  writev: (fd: number, pieces: readonly Uint8Array[], position: number, done: Done) => {
    const bytes = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)
    count(file(), bytes, done, (each) => fs.writev(fd, pieces, position, each))
  },
})

/** Yields the content piece by piece. Counts each piece before it is written. */
async function* counted(
  data: FileContent,
  { path, quota }: CountedFile,
): AsyncGenerator<string | NodeJS.ArrayBufferView> {
  const pieces = typeof data === 'string' || ArrayBuffer.isView(data) ? [data] : data
  for await (const piece of pieces) {
    await quota.addMeasured(path, typeof piece === 'string' ? Buffer.byteLength(piece) : piece.byteLength)
    yield piece
  }
}

/** Writes a whole file and counts its bytes as they come. */
export const writeCounted = async (
  file: CountedFile,
  data: FileContent,
  options: { readonly flag: string; readonly mode: number; readonly signal: AbortSignal },
): Promise<void> => {
  const { path, quota } = file
  quota.begin(path, options.flag === 'w')
  try {
    await writeFile(path, counted(data, file), options)
  } catch (error) {
    quota.set(path, await sizeOf(path))
    throw error
  } finally {
    quota.end(path)
  }
}

/** Counts what a handle has written when it is closed, because a handle has too many methods that write. */
export const countAtClose = (file: FileHandle, { path, quota }: CountedFile, replaces: boolean): void => {
  const { close } = file
  quota.begin(path, replaces)
  file.close = async () => {
    if (file.fd < 0) return close.call(file)
    const { size } = await file.stat()
    await close.call(file)
    quota.set(path, size)
    quota.end(path)
    return quota.check()
  }
}
