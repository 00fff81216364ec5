import { closeSync, mkdirSync, openSync, unlinkSync, writeFileSync } from 'node:fs'
import { lstat, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TransientError } from '../../errors.js'
import { type Identity, identityOf } from '../../utils/directories/own-directory.js'
import { directoryNameOf } from './directory-name.js'
import { type DirectoryOwner, isGone, type Marker, parseMarker } from './directory-owner.js'
import type { PayloadFolder, PayloadPlace } from './payload-folder.js'
import { removeTree } from './remove-tree.js'

/** A directory that was created for a task, and the marker file that names its owner. */
export interface Claim {
  readonly path: string
  readonly markerPath: string
}

/** A directory that this process has created. */
export interface OwnClaim extends Claim, Identity {
  /** The path without links. A handler may use either. */
  readonly realPath: string
}

const isTaken = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EEXIST'

/** Returns whether `create` succeeded; false if the name is taken. */
const createIfFree = (create: () => void): boolean => {
  try {
    create()
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
const tryClaim = (parent: PayloadPlace, marker: Marker): OwnClaim | undefined => {
  const path = join(parent.path, marker.directory)
  const markerPath = join(parent.markers, marker.directory)
  if (!createIfFree(() => closeSync(openSync(markerPath, 'wx', 0o600)))) return undefined
  let claimed = false
  try {
    writeFileSync(markerPath, JSON.stringify(marker))
    claimed = createIfFree(() => mkdirSync(path, { mode: 0o700 }))
  } finally {
    if (!claimed) unlinkSync(markerPath)
  }
  if (!claimed) return undefined
  return { ...identityOf(path), markerPath, realPath: join(parent.realPath, marker.directory) }
}

/**
 * Creates the directory of a task. If another worker with the same task or an unknown program has taken the name, the
 * directory gets a number: `<task id>~2`.
 *
 * @throws TransientError if the file system refuses
 */
export const claimDirectory = (folder: PayloadFolder, taskId: string, owner: DirectoryOwner): OwnClaim => {
  const name = directoryNameOf(taskId)
  try {
    const parent = folder.open()
    for (let number = 1; ; number++) {
      const directory = number === 1 ? name : `${name}~${number}`
      const claim = tryClaim(parent, { ...owner, directory, taskId })
      if (claim) return claim
    }
  } catch (error) {
    const { message } = error as Error
    throw new TransientError(`Task directory cannot be created in TASK_FILES_DIR: ${message}`, {
      cause: error,
    })
  }
}

/** Removes a directory and then its marker. After a crash in between, the next worker removes the rest. */
export const removeClaim = async ({ path, markerPath }: Claim): Promise<void> => {
  await removeTree(path)
  await rm(markerPath, { force: true })
}

/** Keeps a directory: without its marker, no worker removes it. */
export const keepClaim = ({ markerPath }: Claim): Promise<void> => rm(markerPath, { force: true })

/** Reads a marker. Opens nothing but files: a FIFO would block for good. */
const readMarker = async (path: string): Promise<Marker | undefined> => {
  const found = await lstat(path).catch(() => undefined)
  return found?.isFile() ? parseMarker(await readFile(path, 'utf8').catch(() => '')) : undefined
}

/** A directory of a worker that is gone, now owned by this worker. */
export interface Orphan extends Claim {
  readonly taskId: string
}

/** Takes over a directory by renaming its marker: only one worker succeeds. The marker may have a new owner since it was read. */
const takeOver = async (
  { path: parent, markers }: PayloadPlace,
  name: string,
  me: DirectoryOwner,
): Promise<Orphan | undefined> => {
  const from = join(markers, name)
  const seen = await readMarker(from)
  if (!seen || !isGone(seen, me)) return undefined
  const markerPath = join(markers, `${seen.directory}.${me.pid}.gone`)
  await rename(from, markerPath)
  const marker = await readMarker(markerPath)
  if (!marker || !isGone(marker, me)) {
    await rename(markerPath, from)
    return undefined
  }
  await writeFile(markerPath, JSON.stringify({ ...marker, ...me }), { mode: 0o600 })
  return { path: join(parent, marker.directory), markerPath, taskId: marker.taskId }
}

/** Takes over the directories of all workers that are gone, one by one. */
export async function* orphans(parent: PayloadPlace, me: DirectoryOwner): AsyncGenerator<Orphan> {
  const names = await readdir(parent.markers).catch(() => [])
  for (const name of names) {
    // Another worker may have taken the directory at the same moment.
    const orphan = await takeOver(parent, name, me).catch(() => undefined)
    if (orphan) yield orphan
  }
}
