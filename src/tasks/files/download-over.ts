import { randomUUID } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { INTEGRITY_MISMATCH_ERROR, TaskError } from '../../errors.js'
import type { ObjectAddress, StoredObject } from '../../storage/object-store.js'
import { s3Uri } from '../../storage/s3-uri.js'
import { type DownloadPlace, downloadFile } from './download.js'
import { type ExpectedChecksum, hasChecksum } from './expected-checksum.js'

/** How often a file is downloaded until its content has the expected checksum. */
const ATTEMPTS = 3

/**
 * Downloads beside the file and replaces it at the end: after a failure, the old file is intact.
 *
 * @throws TaskError `INTEGRITY_MISMATCH_ERROR` if the content does not have the expected checksum
 */
export const downloadOver = async (
  place: DownloadPlace,
  from: ObjectAddress,
  path: string,
  signal: AbortSignal,
  expected: ExpectedChecksum | undefined,
): Promise<StoredObject> => {
  const { quota } = place.directory
  const arriving = join(dirname(path), `.download-${randomUUID()}`)
  try {
    const stored = await downloadChecked(place, from, arriving, signal, expected)
    await rename(arriving, path)
    quota?.move(arriving, path)
    return stored
  } catch (error) {
    await rm(arriving, { force: true })
    quota?.set(arriving, 0)
    throw error
  }
}

const downloadChecked = async (
  place: DownloadPlace,
  from: ObjectAddress,
  path: string,
  signal: AbortSignal,
  expected: ExpectedChecksum | undefined,
): Promise<StoredObject> => {
  for (let attempt = 1; ; attempt++) {
    place.progress.expect()
    const stored = await downloadFile(place, from, path, signal)
    if (!expected || (await hasChecksum(path, expected, signal))) return stored
    if (attempt === ATTEMPTS)
      throw new TaskError(
        INTEGRITY_MISMATCH_ERROR,
        `${s3Uri(from)} was downloaded ${ATTEMPTS} times: its ${expected.algorithm} is never ${expected.text}`,
      )
    await rm(path)
  }
}
