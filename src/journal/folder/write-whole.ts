import { fdatasync, fsync, writeSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** Writes the whole text, in as many calls as necessary. Returns its length in bytes. */
export const writeWhole = (fd: number, text: string): number => {
  const length = Buffer.byteLength(text)
  let done = writeSync(fd, text)
  if (done === length) return length
  const bytes = Buffer.from(text)
  while (done < length) done += writeSync(fd, bytes, done)
  return length
}

/** Large enough for few writes, small enough that encoding a chunk does not block the event loop, in characters. */
const CHUNK_LENGTH = 256 * 1024

/** Writes many lines without blocking the event loop. Returns their length in bytes. */
export const writeLines = async (handle: FileHandle, lines: Iterable<string>): Promise<number> => {
  let written = 0
  let chunk = ''
  const flush = async (): Promise<void> => {
    const bytes = Buffer.from(chunk)
    chunk = ''
    await handle.writeFile(bytes)
    written += bytes.length
  }
  for (const line of lines) {
    chunk += line
    if (chunk.length >= CHUNK_LENGTH) await flush()
  }
  await flush()
  return written
}

/**
 * Makes the content of a file survive a power cut. Not by `handle.datasync()`: Yarn's Plug'n'Play replaces file handles
 * with its own, which do not have this method. Their descriptors are real.
 */
export const syncFile = ({ fd }: Pick<FileHandle, 'fd'>): Promise<void> =>
  new Promise((resolve, reject) => fdatasync(fd, (error) => (error ? reject(error) : resolve())))

/** Makes a new file name survive a power cut. Never throws: some systems cannot sync a folder, and need not. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r').catch(() => undefined)
  if (!handle) return
  await new Promise<void>((resolve) => fsync(handle.fd, () => resolve()))
  await handle.close().catch(() => {})
}
