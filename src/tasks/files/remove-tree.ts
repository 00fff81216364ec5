import { randomUUID } from 'node:crypto'
import { chmod, rename, rm, rmdir, unlink } from 'node:fs/promises'
import { ifMissing } from '../../utils/if-missing.js'
import { entriesOf, pathIn } from './tree.js'

/** Paths of more than 4,096 bytes cannot be used. The rest is for the name of an entry. */
const LONGEST_BYTES = 2_048

const unlessMissing = ifMissing(undefined)

/**
 * Removes a folder with everything in it. Opens the folders of this user that forbid it. A folder whose path becomes too
 * long moves to the top first.
 */
const removeFolder = async (top: Buffer, folder: Buffer): Promise<void> => {
  // If this fails, the removal fails and says why.
  await chmod(folder, 0o700).catch(() => {})
  const entries = await entriesOf(folder).catch(ifMissing([]))
  for (const entry of entries) {
    const path = pathIn(folder, entry.name)
    if (!entry.isDirectory()) await unlink(path).catch(unlessMissing)
    else if (path.length <= LONGEST_BYTES) await removeFolder(top, path)
    else await removeFolder(top, await moved(path, top))
  }
  await rmdir(folder).catch(unlessMissing)
}

const moved = async (folder: Buffer, top: Buffer): Promise<Buffer> => {
  const path = pathIn(top, Buffer.from(`.removing-${randomUUID()}`))
  await chmod(folder, 0o700).catch(() => {})
  await rename(folder, path)
  return path
}

/** Removes a directory with everything in it, also what `rm` cannot remove: long paths, folders without write access. */
export const removeTree = async (path: string): Promise<void> => {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 })
  } catch {
    const top = Buffer.from(path)
    await removeFolder(top, top)
  }
}
