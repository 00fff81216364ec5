import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { strangerAt } from '../utils/directories/own-directory.js'
import type { Logger } from '../utils/logger.js'
import { moveLetters } from './folder/dead-letters.js'
import { FolderInUseError } from './folder/lock.js'
import { type FolderOwner, isOfThisMachine, readOwner } from './folder/owner.js'
import { StateFolder } from './folder/state-folder.js'
import type { OpenTask } from './journal-state.js'

/** The journal of the worker that adopts. */
export interface AdoptingJournal {
  /** Writes the tasks. Returns whether they are on disk; if they are not, the journal has not taken them. */
  adopt(tasks: readonly OpenTask[]): Promise<boolean>
}

/** The worker that adopts. */
export interface Adopter {
  readonly folder: StateFolder
  readonly owner: FolderOwner
  /** The orchestrators of this worker. */
  readonly urls: readonly string[]
  readonly journal: AdoptingJournal
  /** Whether the process runs in a Kubernetes pod. */
  readonly isInPod: boolean
  readonly log: Logger
}

/**
 * Takes over the tasks and dead letters of dead workers with generated ids, from the folders beside this worker's own.
 * Nobody else would: each new worker without a `WORKER_ID` has a new id and a new folder. A folder that cannot be
 * adopted is left for the next worker that starts.
 */
export const adoptOthers = async (adopter: Adopter): Promise<void> => {
  const { folder, log } = adopter
  const parent = dirname(folder.path)
  const names = await readdir(parent, { withFileTypes: true }).catch(() => [])
  for (const entry of names) {
    const path = join(parent, entry.name)
    if (!entry.isDirectory() || path === folder.path) continue
    try {
      await adopt(path, adopter)
    } catch (error) {
      if (error instanceof FolderInUseError) continue
      log.warn(
        { path, err: error },
        'State folder of a dead worker not adopted: the next worker that starts tries again',
      )
    }
  }
}

const adopt = async (path: string, adopter: Adopter): Promise<void> => {
  // Several users may have folders in the parent. A stranger's journal would make this worker report forged results.
  if (strangerAt(path, adopter.isInPod) !== undefined) return
  const theirs = await readOwner(path)
  if (!theirs?.isMadeUp || !isOfThisMachine(theirs, adopter.owner)) return
  const dead = await StateFolder.open(path, adopter.log, adopter.isInPod)
  try {
    await empty(dead, theirs.workerId, adopter)
  } finally {
    await dead.release()
  }
}

const empty = async (dead: StateFolder, workerId: string, adopter: Adopter): Promise<void> => {
  const { folder, urls, journal, log } = adopter
  const { tasks } = dead.left.state
  if (!tasks.every(({ from }) => urls.includes(from))) return
  // Written here before it is removed there: after a crash in between, both have the tasks. Lost tasks would be worse.
  if (!(await journal.adopt(tasks))) return
  await dead.removeJournal()
  if (tasks.length > 0)
    log.info({ workerId, tasks: tasks.length }, 'Tasks of a dead worker adopted: this worker reports them')
  await moveLetters(dead.path, folder.path)
  await dead.remove()
}
