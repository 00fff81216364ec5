import { join } from 'node:path'
import { isS3Uri } from '../storage/s3-uri.js'
import type { TaskSpan } from '../tracing/tracing.js'
import { forEach } from '../utils/for-each.js'
import { downloadFile, downloadFolder } from './files/download.js'
import { type Input, placeInputs } from './files/local-names.js'
import type { TaskDirectory } from './files/task-directory.js'
import type { TaskStorage } from './files/task-storage.js'
import { type TransferObserver, TransferProgress } from './files/transfer-progress.js'
import { firstString, replaceStrings, stringsIn } from './strings.js'
import type { TaskSignal } from './task-signal.js'

/** Without a store, the worker looks for `s3://` values in this many members of the params, for one warning. */
const MEMBERS_SEARCHED = 1_000

/**
 * Downloads the objects that the params name as `s3://` values. Returns a copy of the params with local paths instead.
 * Params without such a value are returned unchanged, without a promise. Without a store, all params are.
 *
 * @throws TaskError if an object cannot be downloaded
 */
export const fetchInputs = (
  params: unknown,
  storage: TaskStorage | undefined,
  directory: TaskDirectory,
  signal: TaskSignal,
  observer: TransferObserver,
  span?: TaskSpan,
): unknown => {
  if (!storage) {
    warnWithoutStore(params, directory)
    return params
  }
  const uris = [...stringsIn(params)].map(([, text]) => text).filter(isS3Uri)
  if (uris.length === 0) return params
  const work = () => fetchAll(placeInputs(uris), params, storage, directory, signal.signal, observer)
  return span ? span.stage('fetch inputs', new Set(uris).size, work) : work()
}

const warnWithoutStore = (params: unknown, { taskId, warnings }: TaskDirectory): void => {
  if (warnings.isMissingStoreKnown) return
  const uri = firstString(params, isS3Uri, MEMBERS_SEARCHED)
  if (uri !== undefined) warnings.paramsWithoutStore(taskId, uri)
}

const fetchAll = async (
  inputs: readonly Input[],
  params: unknown,
  storage: TaskStorage,
  directory: TaskDirectory,
  signal: AbortSignal,
  observer: TransferObserver,
): Promise<unknown> => {
  const root = directory.make()
  const progress = new TransferProgress('downloading', storage.reportsProgress ? observer : undefined)
  const place = { storage, directory, progress, log: observer.log }
  progress.expect(inputs.filter(({ isPrefix }) => !isPrefix).length)
  await forEach(inputs, storage.transfers.max, signal, async ({ uri, from, isPrefix, localName }, either) => {
    const path = join(root, localName)
    await (isPrefix
      ? downloadFolder(place, uri, from, path, either)
      : downloadFile(place, from, path, either))
  })
  const paths = inputs.map(({ uri, localName }) => [uri, join(root, localName)] as const)
  return replaceStrings(params, new Map(paths))
}
