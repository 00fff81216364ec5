import fs from 'node:fs'
import type { Quota } from './quota.js'

type Done = (error: Error | null, written: number, data?: unknown) => void

/** Counts bytes before they are written. Bytes that the system did not write are uncounted, because the stream writes them again. */
const count = (quota: Quota | undefined, bytes: number, done: Done, write: (done: Done) => void): void => {
  try {
    quota?.take(bytes)
  } catch (error) {
    done(error as Error, 0)
    return
  }
  write((error, written, data) => {
    quota?.take((error ? 0 : written) - bytes)
    done(error, written, data)
  })
}

/**
 * Returns `write` and `writev` of `node:fs` for a stream into a file, limited by a quota.
 *
 * @param quota - called for each write, because the quota is unknown until the file is open
 */
export const countedWrites = (quota: () => Quota | undefined) => ({
  write: (fd: number, bytes: Uint8Array, offset: number, length: number, position: number, done: Done) =>
    count(quota(), length, done, (each) => fs.write(fd, bytes, offset, length, position, each)),
  writev: (fd: number, pieces: readonly Uint8Array[], position: number, done: Done) => {
    const bytes = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)
    count(quota(), bytes, done, (each) => fs.writev(fd, pieces, position, each))
  },
})
