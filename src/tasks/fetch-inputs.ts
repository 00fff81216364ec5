import { dirname, join } from 'node:path'
import { InvalidInputError, TransientError } from '../errors.js'
import { isS3Uri, s3Uri } from '../storage/s3-uri.js'
import { forEach } from '../utils/for-each.js'
import type { Logger } from '../utils/logger.js'
import { type Input, placeInputs, segmentsBelow } from './files/local-names.js'
import { makeFolders } from './files/make-folders.js'
import type { Quota } from './files/quota.js'
import type { TaskDirectory } from './files/task-directory.js'
import type { TaskStorage } from './files/task-storage.js'
import { replaceStrings, stringsIn } from './strings.js'
import type { TaskSignal } from './task-signal.js'

/**
 * Downloads the objects that the params name as `s3://` values. Returns a copy of the params with local paths instead.
 * Params without such a value are returned unchanged, without a promise.
 *
 * @throws TaskError if an object cannot be downloaded
 */
export const fetchInputs = (
  params: unknown,
  storage: TaskStorage | undefined,
  directory: TaskDirectory,
  signal: TaskSignal,
  log: Logger,
): unknown => {
  const uris = storage ? [...stringsIn(params)].map(([, text]) => text).filter(isS3Uri) : []
  if (!storage || uris.length === 0) return params
  return new Fetching(storage, directory, log).fetch(placeInputs(uris), signal.signal, params)
}

/** The downloads of one task. */
class Fetching {
  readonly #storage: TaskStorage
  readonly #directory: TaskDirectory
  readonly #log: Logger
  #quota: Quota | undefined

  constructor(storage: TaskStorage, directory: TaskDirectory, log: Logger) {
    this.#storage = storage
    this.#directory = directory
    this.#log = log
  }

  async fetch(inputs: readonly Input[], signal: AbortSignal, params: unknown): Promise<unknown> {
    const root = this.#directory.make()
    this.#quota = await this.#directory.quota()
    const { max } = this.#storage.transfers
    await forEach(inputs, max, signal, (input, either) =>
      input.isPrefix
        ? this.#folder(input, root, either)
        : this.#file(input, join(root, input.localName), either),
    )
    const paths = inputs.map(({ uri, localName }) => [uri, join(root, localName)] as const)
    return replaceStrings(params, new Map(paths))
  }

  async #file({ from }: Input, path: string, signal: AbortSignal): Promise<void> {
    const { store, transfers } = this.#storage
    let counted = false
    const accept = (bytes: number) => {
      counted = true
      this.#quota?.take(bytes)
    }
    const { size } = await transfers.run(() => store.download(from, path, { signal, accept }), signal)
    // A custom store may have ignored `accept`.
    if (!counted) accept(size)
  }

  async #folder(input: Input, root: string, signal: AbortSignal): Promise<void> {
    const { store, transfers } = this.#storage
    const { bucket, key: prefix } = input.from
    const folder = join(root, input.localName)
    await makeFolders(root, folder)
    const objects = store.list(bucket, prefix, { signal })
    await forEach(objects, transfers.max, signal, async ({ key, size }, either) => {
      const path = join(folder, ...segmentsBelow(input.uri, prefix, key))
      const isFolder = key.endsWith('/')
      const clashing = (error: unknown) => clash(error, input.uri, key)
      await makeFolders(root, isFolder ? path : dirname(path)).catch(clashing)
      if (isFolder) {
        if (size > 0) this.#log.warn({ uri: s3Uri({ bucket, key }), size }, FOLDER_WITH_CONTENT)
        return
      }
      this.#quota?.take(size)
      const download = () => store.download({ bucket, key }, path, { signal: either }).catch(gone)
      await transfers.run(download, either).catch(clashing)
    })
  }
}

const FOLDER_WITH_CONTENT =
  'object not downloaded: its key ends with a slash, so it became a folder. Store its content under another key'

/** An object that was in the list a moment ago is no mistake of the params. */
const gone = (error: unknown): never => {
  if (!(error instanceof InvalidInputError)) throw error
  throw new TransientError(`${error.message} (deleted after it was listed)`, { cause: error })
}

const CLASHES = new Set(['EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'])

/** A store can hold both `a` and `a/b`, and keys with long segments. A file system cannot. */
const clash = (error: unknown, uri: string, key: string): never => {
  const { code = '' } = error as NodeJS.ErrnoException
  if (!CLASHES.has(code)) throw error
  const what = `${uri} cannot be downloaded: its object ${JSON.stringify(key)} cannot be a file beside the others (${code})`
  throw new InvalidInputError(what, { cause: error })
}
