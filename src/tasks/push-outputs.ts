import type { Outcome, StoredFile } from '../protocol/messages.js'
import { s3Uri } from '../storage/s3-uri.js'
import type { TaskSpan } from '../tracing/tracing.js'
import { forEach } from '../utils/for-each.js'
import type { JsonObject } from '../utils/json.js'
import type { WhyNotUploaded } from './files/file-warnings.js'
import type { TaskDirectory } from './files/task-directory.js'
import type { TaskStorage } from './files/task-storage.js'
import { type TransferObserver, TransferProgress } from './files/transfer-progress.js'
import { taskAddress, type UploadPlace, uploadFile, uploadFolder } from './files/upload.js'
import { type Found, findPath, isOwnPath, type NamedPath, pathsIn } from './result-paths.js'
import { replaceStrings } from './strings.js'
import type { TaskSignal } from './task-signal.js'

type Ended = Exclude<Outcome, { kind: 'cancelled' }>

/**
 * Uploads the files and folders of the task directory whose paths are in the outcome's data. Returns the outcome with
 * `s3://` URIs instead. An outcome without such a path is returned unchanged, without a promise. A path that stays as it is
 * is a warning in the log.
 *
 * @throws TaskError if a file cannot be uploaded
 */
export const pushOutputs = (
  outcome: Outcome,
  storage: TaskStorage | undefined,
  directory: TaskDirectory,
  signal: TaskSignal,
  observer: TransferObserver,
  span?: TaskSpan,
): Outcome | Promise<Outcome> => {
  if (outcome.kind === 'cancelled' || !outcome.data) return outcome
  const { data } = outcome
  // Without a store and a directory, no file of the task can be lost.
  if (!storage && directory.path === undefined) return outcome
  const named = pathsIn(outcome.data, directory)
  if (named.length === 0) return outcome
  if (!storage) {
    const lost = named.filter(({ text }) => isOwnPath(text, directory))
    directory.warnings.notUploaded(
      'no store',
      observer,
      new Map(lost.map(({ place, text }) => [place, text])),
    )
    return outcome
  }
  const progress = new TransferProgress('uploading', storage.reportsProgress ? observer : undefined)
  const place = { storage, directory, progress, log: observer.log }
  const work = () => push(outcome, data, named, place, signal.signal, observer)
  return span ? span.stage('push outputs', new Set(named.map(({ text }) => text)).size, work) : work()
}

const push = async (
  outcome: Ended,
  data: JsonObject,
  named: readonly NamedPath[],
  place: UploadPlace,
  signal: AbortSignal,
  observer: TransferObserver,
): Promise<Outcome> => {
  const { directory } = place
  const found = await findAll(named, directory, observer)
  if (found.size === 0) return outcome
  await directory.quota?.measure()
  await directory.quota?.check()
  const stored = await uploadAll(found.values(), place, signal)
  const uris = new Map([...found].map(([text, each]) => [text, uriOf(each, place)]))
  const files = named.flatMap(({ place: at, text }) => {
    const file = stored.get(uris.get(text) ?? '')
    return file ? [[at, file] as const] : []
  })
  const replaced = replaceStrings(data, uris) as JsonObject
  return { ...outcome, data: replaced, ...(files.length > 0 && { files: Object.fromEntries(files) }) }
}

/** Logs a warning for paths that stay as they are. @returns the files and folders, by the text that names them */
const findAll = async (
  named: readonly NamedPath[],
  directory: TaskDirectory,
  observer: TransferObserver,
): Promise<ReadonlyMap<string, Found>> => {
  const found = new Map<string, Found>()
  const left = new Map<WhyNotUploaded, Map<string, string>>()
  for (const path of new Map(named.map((each) => [each.text, each])).values()) {
    const each = await findPath(path, directory)
    if (typeof each === 'object') found.set(path.text, each)
    else if (each !== undefined) left.set(each, (left.get(each) ?? new Map()).set(path.place, path.text))
  }
  for (const [why, paths] of left) directory.warnings.notUploaded(why, observer, paths)
  return found
}

/** @returns the uploaded files, by URI */
const uploadAll = async (
  found: Iterable<Found>,
  place: UploadPlace,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, StoredFile>> => {
  const { storage, directory, progress } = place
  const stored = new Map<string, StoredFile>()
  const addressOf = ({ below }: Found) => taskAddress(storage, directory.taskId, below)
  const unique = [...new Map([...found].map((each) => [each.path, each])).values()]
  const files = unique.filter(({ isFolder }) => !isFolder)
  progress.expect(files.length)
  await forEach(files, storage.transfers.max, signal, async (each, either) => {
    const file = await uploadFile(place, each.path, addressOf(each), either)
    stored.set(file.uri, file)
  })
  for (const each of unique.filter(({ isFolder }) => isFolder)) {
    for (const file of await uploadFolder(place, each.path, addressOf(each), signal))
      stored.set(file.uri, file)
  }
  return stored
}

const uriOf = ({ below, isFolder }: Found, { storage, directory }: UploadPlace): string =>
  `${s3Uri(taskAddress(storage, directory.taskId, below))}${isFolder ? '/' : ''}`
