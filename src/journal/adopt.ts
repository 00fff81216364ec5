import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Logger } from '../utils/logger.js'
import type { JournalEntry } from './entries.js'
import { moveLetters } from './folder/dead-letters.js'
import { type FolderOwner, isOfThisMachine, readOwner } from './folder/owner.js'
import { openStateFolder, type StateFolder } from './folder/state-folder.js'

export interface AdoptionOptions {
  /** The adopter's folder; its siblings are looked at. */
  readonly folder: StateFolder
  readonly owner: FolderOwner
  readonly urls: readonly string[]
  readonly log: Logger
  /** Puts the entries into the adopter's journal, and tells whether they are there. */
  readonly keep: (entries: readonly JournalEntry[]) => Promise<boolean>
}

/**
 * Takes over what dead workers beside this one have left, where nobody will come back to answer for it: their ids were
 * made up, and a new worker has a new one.
 */
export const adoptOthers = async (options: AdoptionOptions): Promise<void> => {
  const { folder, log } = options
  const parent = dirname(folder.path)
  const names = await readdir(parent, { withFileTypes: true }).catch(() => [])
  for (const entry of names) {
    const path = join(parent, entry.name)
    if (!entry.isDirectory() || path === folder.path) continue
    try {
      await adopt(path, options)
    } catch (error) {
      // Somebody else's, most likely: it is tried again by whoever starts next.
      log.debug({ path, err: error }, 'a folder beside this one could not be adopted')
    }
  }
}

const adopt = async (path: string, options: AdoptionOptions): Promise<void> => {
  const theirs = await readOwner(path)
  if (!theirs?.isMadeUp || !isOfThisMachine(theirs, options.owner)) return
  const found = await openStateFolder(path, options.log)
  const { tasks } = found.left.state
  const isOurs = tasks.every(({ from }) => options.urls.includes(from))
  // Written here before it goes there: a crash in between leaves it twice, never nowhere.
  if (!isOurs || !(await options.keep(tasks))) {
    await found.release()
    return
  }
  await moveLetters(path, options.folder.path)
  await found.remove()
  if (tasks.length > 0)
    options.log.info({ workerId: theirs.workerId, tasks: tasks.length }, 'a dead worker is answered for')
}
