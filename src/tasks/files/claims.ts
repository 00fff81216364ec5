import { closeSync, mkdirSync, openSync, unlinkSync, writeFileSync } from 'node:fs'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TransientError } from '../../errors.js'
import { directoryNameOf } from './directory-name.js'
import { isGone, type Marker, type Owner, parseMarker } from './owner.js'

/** Holds a marker for each directory, beside them: a task that lists its files sees only its own. No task id encodes to it. */
const MARKERS = '.avtomatika-worker'

/** A directory made for a task, and the file that says by whom. */
export interface Claim {
  readonly path: string
  readonly markerPath: string
}

const isTaken = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EEXIST'

/** Does it unless something is there already. */
const ifFree = (make: () => void): boolean => {
  try {
    make()
    return true
  } catch (error) {
    if (isTaken(error)) return false
    throw error
  }
}

/**
 * Creates the marker before the directory: only what has a marker is ever removed, so a crash in between leaves nothing
 * behind for good. Without a directory the marker is removed again, also when the disk is full: it would keep the name.
 */
const tryClaim = (parent: string, marker: Marker): Claim | undefined => {
  const path = join(parent, marker.directory)
  const markerPath = join(parent, MARKERS, marker.directory)
  if (!ifFree(() => closeSync(openSync(markerPath, 'wx', 0o600)))) return undefined
  let claimed = false
  try {
    writeFileSync(markerPath, JSON.stringify(marker))
    claimed = ifFree(() => mkdirSync(path, { mode: 0o700 }))
  } finally {
    if (!claimed) unlinkSync(markerPath)
  }
  return claimed ? { path, markerPath } : undefined
}

/**
 * Makes the directory of a task. Where its name is taken, by another worker with the same task or by a stranger, it
 * gets a number.
 *
 * @throws TransientError when the system refuses
 */
export const claimDirectory = (parent: string, taskId: string, owner: Owner): Claim => {
  const name = directoryNameOf(taskId)
  try {
    mkdirSync(join(parent, MARKERS), { recursive: true })
    for (let number = 1; ; number++) {
      const directory = number === 1 ? name : `${name}~${number}`
      const claim = tryClaim(parent, { ...owner, directory, taskId })
      if (claim) return claim
    }
  } catch (error) {
    const { message } = error as Error
    throw new TransientError(`No directory can be made for the task in TASK_FILES_DIR: ${message}`, {
      cause: error,
    })
  }
}

/** Removes a directory, then its marker: what is left after a crash is cleared away by the next worker. */
export const removeClaim = async ({ path, markerPath }: Claim): Promise<void> => {
  await rm(path, { recursive: true, force: true, maxRetries: 3 })
  await rm(markerPath, { force: true })
}

/** Lets a directory stay: without its marker nobody clears it away. */
export const keepClaim = ({ markerPath }: Claim): Promise<void> => rm(markerPath, { force: true })

const readMarker = async (path: string): Promise<Marker | undefined> =>
  parseMarker(await readFile(path, 'utf8').catch(() => ''))

/** A claim whose worker is gone, taken over from it. */
export interface Orphan extends Claim {
  readonly taskId: string
}

/** Whoever renames the marker has the directory; it may have become another worker's since it was looked at. */
const takeOver = async (parent: string, name: string, me: Owner): Promise<Orphan | undefined> => {
  const from = join(parent, MARKERS, name)
  const seen = await readMarker(from)
  if (!seen || !isGone(seen, me)) return undefined
  const markerPath = join(parent, MARKERS, `${seen.directory}.${me.pid}.gone`)
  await rename(from, markerPath)
  const marker = await readMarker(markerPath)
  if (!marker || !isGone(marker, me)) {
    await rename(markerPath, from)
    return undefined
  }
  await writeFile(markerPath, JSON.stringify({ ...marker, ...me }))
  return { path: join(parent, marker.directory), markerPath, taskId: marker.taskId }
}

/** Takes over every directory that was made by a worker that is gone, one by one. */
export async function* orphans(parent: string, me: Owner): AsyncGenerator<Orphan> {
  const names = await readdir(join(parent, MARKERS)).catch(() => [])
  for (const name of names) {
    // Another worker may take it in the same moment.
    const orphan = await takeOver(parent, name, me).catch(() => undefined)
    if (orphan) yield orphan
  }
}
