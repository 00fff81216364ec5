import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { sep } from 'node:path'

const SEPARATOR = Buffer.from(sep)

/** A file, link, FIFO or device below a folder. */
export interface Leaf {
  /** The bytes of the path: a file name need not be UTF-8. */
  readonly path: Buffer
  readonly entry: Dirent<Buffer>
}

/** Returns the path of an entry of a folder, as bytes. Pure. */
export const pathIn = (folder: Buffer, name: Buffer): Buffer => Buffer.concat([folder, SEPARATOR, name])

/** Lists a folder with the names as bytes. */
export const entriesOf = (folder: Buffer): Promise<Dirent<Buffer>[]> =>
  readdir(folder, { withFileTypes: true, encoding: 'buffer' })

/**
 * Yields everything below a folder that is no folder. Never follows links.
 *
 * @param skips - decides whether a folder that cannot be listed is left out; else its error is thrown
 */
export async function* leavesBelow(
  root: Buffer,
  skips: (error: unknown) => boolean = () => false,
): AsyncGenerator<Leaf, void, undefined> {
  const folders = [root]
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    const entries = await entriesOf(folder).catch((error: unknown) => {
      if (skips(error)) return []
      throw error
    })
    for (const entry of entries) {
      const path = pathIn(folder, entry.name)
      if (entry.isDirectory()) folders.push(path)
      else yield { path, entry }
    }
  }
}
