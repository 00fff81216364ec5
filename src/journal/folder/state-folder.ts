import { copyFile, readFile, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { OwnDirectory } from '../../utils/directories/own-directory.js'
import { ifMissing } from '../../utils/if-missing.js'
import type { Logger } from '../../utils/logger.js'
import { type Replay, replay } from '../replay.js'
import { type Lock, takeLock } from './lock.js'
import { removeOwner } from './owner.js'

/** The state folder of one worker, locked by this process. */
export class StateFolder {
  readonly path: string
  readonly journalPath: string
  /** The journal of an earlier worker. */
  readonly left: Replay
  readonly #lock: Lock

  private constructor(path: string, left: Replay, lock: Lock) {
    this.path = path
    this.journalPath = journalIn(path)
    this.left = left
    this.#lock = lock
  }

  /**
   * Creates the folder if necessary, locks it and reads its journal.
   *
   * @throws FolderInUseError if another worker has the lock
   * @throws UnsafeDirectoryError if somebody else can change the folder
   * @throws Error of the file system
   */
  static async open(path: string, log: Logger, isInPod = false): Promise<StateFolder> {
    new OwnDirectory([path], { isInPod }).open()
    const lock = await takeLock(path)
    try {
      const left = replay(await readFile(journalIn(path)).catch(ifMissing(Buffer.alloc(0))))
      await keepDamaged(journalIn(path), left, log)
      return new StateFolder(path, left, lock)
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  /** Unlocks the folder. Does nothing if the folder is unlocked already. */
  release(): Promise<void> {
    return this.#lock.release()
  }

  /** Removes the journal, which another worker has taken over. */
  removeJournal(): Promise<void> {
    return rm(this.journalPath, { force: true })
  }

  /** Removes and unlocks the folder. Dead letters stay, and then the folder stays, too. */
  async remove(): Promise<void> {
    await this.removeJournal()
    await removeOwner(this.path)
    await this.#lock.remove()
    await rmdir(this.path).catch(() => {})
  }
}

const journalIn = (folder: string): string => join(folder, 'journal.log')

/** Logs the lines that replay skipped, and copies the journal, because the next rewrite drops these lines. */
const keepDamaged = async (path: string, { damage, tornBytes }: Replay, log: Logger): Promise<void> => {
  if (tornBytes > 0)
    log.info(
      { path, tornBytes },
      'Last line of the journal is incomplete, probably after a crash: the worker skips it',
    )
  if (damage.length === 0) return
  const kept = `${path}.damaged`
  log.error(
    { path, lines: damage.length, first: damage[0] },
    'Journal damaged: the worker skips the lines that it cannot read, and loses their tasks',
  )
  try {
    await copyFile(path, kept)
    log.info({ kept }, 'Damaged journal copied')
  } catch (err) {
    log.error({ kept, err }, 'Damaged journal not copied: its unreadable lines will be lost')
  }
}
