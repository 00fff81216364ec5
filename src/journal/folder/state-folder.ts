import { copyFile, mkdir, readFile, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../../utils/logger.js'
import { type Replay, replay } from '../replay.js'
import { type Lock, takeLock } from './lock.js'
import { removeOwner } from './owner.js'

/** A worker's folder that this process has to itself. */
export interface StateFolder {
  readonly path: string
  readonly journalPath: string
  /** What was left there. */
  readonly left: Replay
  release(): Promise<void>
  /** Releases it and removes what a worker without anything left to say needs no longer. */
  remove(): Promise<void>
}

const journalIn = (folder: string): string => join(folder, 'journal.log')

/**
 * Makes the folder if need be, takes it and reads what is there.
 *
 * @throws FolderInUseError when another process has it
 * @throws Error of the file system
 */
export const openStateFolder = async (path: string, log: Logger): Promise<StateFolder> => {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const lock = await takeLock(path)
  try {
    const journalPath = journalIn(path)
    const left = replay(await readIfThere(journalPath))
    await keepDamaged(journalPath, left, log)
    return { path, journalPath, left, release: () => lock.release(), remove: () => removeFolder(path, lock) }
  } catch (error) {
    await lock.release()
    throw error
  }
}

const readIfThere = async (path: string): Promise<Buffer> => {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
}

/** What cannot be read is told, and kept for people to look at. */
const keepDamaged = async (path: string, { damage, tornBytes }: Replay, log: Logger): Promise<void> => {
  if (tornBytes > 0) log.info({ path, tornBytes }, 'the last line of the journal was cut short by a crash')
  if (damage.length === 0) return
  const kept = `${path}.damaged`
  log.error(
    { path, kept, lines: damage.length, first: damage[0] },
    'lines of the journal cannot be read and are skipped: what they say is lost to this worker',
  )
  await copyFile(path, kept).catch(() => {})
}

const removeFolder = async (folder: string, lock: Lock): Promise<void> => {
  await rm(journalIn(folder), { force: true })
  await removeOwner(folder)
  await lock.remove()
  // Dead letters stay, and with them the folder.
  await rmdir(folder).catch(() => {})
}
