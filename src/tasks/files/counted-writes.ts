import fs from 'node:fs'
import type { Quota } from './quota.js'

type Done = (error: Error | null, written: number, data?: unknown) => void

/** Refuses what is too much before it is written, and gives back what the system has not taken: that comes once more. */
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
 * The writing half of `node:fs` for a stream into a file, within a quota.
 *
 * @param quota - is asked for at each piece: it is not known before the file is open
 */
export const countedWrites = (quota: () => Quota | undefined) => ({
  write: (fd: number, bytes: Uint8Array, offset: number, length: number, position: number, done: Done) =>
    count(quota(), length, done, (each) => fs.write(fd, bytes, offset, length, position, each)),
  writev: (fd: number, pieces: readonly Uint8Array[], position: number, done: Done) => {
    const bytes = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)
    count(quota(), bytes, done, (each) => fs.writev(fd, pieces, position, each))
  },
})
