import { isUtf8 } from 'node:buffer'
import { realpath, stat } from 'node:fs/promises'
import { basename, relative } from 'node:path'
import { PermanentError } from '../../errors.js'
import type { StoredFile } from '../../protocol/messages.js'
import type { ObjectAddress } from '../../storage/object-store.js'
import { isS3Uri, parseS3Uri, s3Uri } from '../../storage/s3-uri.js'
import { forEach } from '../../utils/for-each.js'
import type { Logger } from '../../utils/logger.js'
import { directoryNameOf } from './directory-name.js'
import { isInside, LONGEST_PATH_BYTES, relativeName } from './safe-path.js'
import type { TaskDirectory } from './task-directory.js'
import type { TaskStorage } from './task-storage.js'
import type { TransferProgress } from './transfer-progress.js'
import { type Leaf, leavesBelow } from './tree.js'

/** What all uploads of one task share. */
export interface UploadPlace {
  readonly storage: TaskStorage
  readonly directory: TaskDirectory
  readonly progress: TransferProgress
  readonly log: Logger | undefined
}

/** Returns the folder of a task in the bucket for results. It has the task id: two tasks never overwrite each other's files. */
export const taskAddress = (
  { bucket, keyPrefix }: TaskStorage,
  taskId: string,
  below = '',
): ObjectAddress => {
  const folder = `${keyPrefix}${directoryNameOf(taskId)}`
  return { bucket, key: below === '' ? folder : `${folder}/${below}` }
}

/**
 * Returns the address that a handler chose for a file or folder.
 *
 * @param to - an `s3://` URI or a name in the task's folder in the bucket; a slash at the end keeps the name of the file
 * @throws InvalidInputError if the URI or the name is invalid
 */
export const chosenAddress = (
  storage: TaskStorage,
  taskId: string,
  to: string,
  path: string,
): ObjectAddress => {
  const whole = to === '' || to.endsWith('/') ? `${to}${basename(path)}` : to
  if (isS3Uri(whole)) return parseS3Uri(whole)
  return taskAddress(storage, taskId, relativeName(whole))
}

/** Uploads one file, which is no link out of the directory. */
export const uploadFile = async (
  { storage: { store, transfers }, directory, progress }: UploadPlace,
  path: string,
  to: ObjectAddress,
  signal: AbortSignal,
): Promise<StoredFile> => {
  const uri = s3Uri(to)
  return transfers.run(async () => {
    const { size: expected } = await stat(path)
    directory.quota?.set(path, expected)
    await directory.quota?.check()
    progress.size(expected)
    let moved = 0
    const onProgress = (bytes: number) => {
      progress.move(bytes - moved)
      moved = bytes
    }
    try {
      const { size, etag } = await store.upload(path, to, { signal, onProgress })
      onProgress(expected)
      progress.done()
      return { uri, size, ...(etag !== undefined && { etag }) }
    } catch (error) {
      progress.failed(expected, moved)
      throw error
    }
  }, signal)
}

/**
 * Uploads all files below a folder. Never follows links to folders, because they may form a cycle. Follows links to files
 * inside the directory.
 *
 * @throws PermanentError if a name is not UTF-8 or a path is too long
 */
export const uploadFolder = async (
  place: UploadPlace,
  folder: string,
  to: ObjectAddress,
  signal: AbortSignal,
): Promise<readonly StoredFile[]> => {
  const paths: string[] = []
  for await (const leaf of leavesBelow(Buffer.from(folder), refuseLongPath)) {
    const path = pathOf(leaf, folder)
    if (leaf.entry.isFile() || (await isLinkToFileInside(place.directory, path))) paths.push(path)
    else
      place.log?.warn(
        { path },
        'Path not uploaded: it is neither a file nor a folder, or it is a link to a folder or out of the directory',
      )
  }
  place.progress.expect(paths.length)
  const stored: StoredFile[] = []
  const prefix = to.key === '' || to.key.endsWith('/') ? to.key : `${to.key}/`
  await forEach(paths, place.storage.transfers.max, signal, async (path, either) => {
    const key = `${prefix}${relative(folder, path)}`
    stored.push(await uploadFile(place, path, { bucket: to.bucket, key }, either))
  })
  return stored
}

/** Files below such a folder cannot be opened. @throws PermanentError */
const refuseLongPath = (error: unknown): boolean => {
  if ((error as NodeJS.ErrnoException).code !== 'ENAMETOOLONG') return false
  throw new PermanentError(
    'Folder cannot be uploaded: a path in it is too long. Use shorter names or fewer folders',
    {
      cause: error,
    },
  )
}

/** @throws PermanentError if no text stands for the path */
const pathOf = ({ path }: Leaf, folder: string): string => {
  if (path.length > LONGEST_PATH_BYTES)
    return refuseLeaf(path, folder, `its path is longer than ${LONGEST_PATH_BYTES} bytes`)
  return isUtf8(path) ? path.toString() : refuseLeaf(path, folder, 'its name is not UTF-8. Rename the file')
}

const refuseLeaf = (path: Buffer, folder: string, why: string): never => {
  const below = shownBytes(path.subarray(Buffer.byteLength(folder) + 1))
  throw new PermanentError(
    `File "${below.length > 300 ? `…${below.slice(-300)}` : below}" cannot be uploaded: ${why}`,
  )
}

/** Shows what is not ASCII as `\xNN`, because the bytes are no text. */
const shownBytes = (bytes: Buffer): string =>
  bytes
    .toString('latin1')
    .replace(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)

const isLinkToFileInside = async ({ path: root }: TaskDirectory, path: string): Promise<boolean> => {
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile() !== true || root === undefined) return false
  return isInside(await realpath(root), await realpath(path))
}
