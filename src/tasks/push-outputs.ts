import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import type { Outcome, StoredFile } from '../protocol/messages.js'
import { s3Uri } from '../storage/s3-uri.js'
import { forEach } from '../utils/for-each.js'
import type { JsonObject } from '../utils/json.js'
import type { Logger } from '../utils/logger.js'
import { directoryNameOf } from './files/directory-name.js'
import { isInside } from './files/safe-path.js'
import type { TaskDirectory } from './files/task-directory.js'
import type { TaskStorage } from './files/task-storage.js'
import { replaceStrings, stringsIn } from './strings.js'
import type { TaskSignal } from './task-signal.js'

/**
 * Uploads the files and folders of the task directory whose paths are in the outcome's data. Returns the outcome with
 * `s3://` URIs instead. An outcome without such a path is returned unchanged, without a promise.
 *
 * @throws TaskError if a file cannot be uploaded
 */
export const pushOutputs = (
  outcome: Outcome,
  storage: TaskStorage | undefined,
  directory: TaskDirectory,
  signal: TaskSignal,
  log: Logger,
): Outcome | Promise<Outcome> => {
  const root = directory.path
  if (!storage || root === undefined || outcome.kind === 'cancelled' || !outcome.data) return outcome
  const name = `/${basename(root)}`
  const named = [...stringsIn(outcome.data)].filter(([, text]) => text.startsWith('/') && text.includes(name))
  if (named.length === 0) return outcome
  return new Pushing(storage, directory, root, log).push(outcome, outcome.data, named, signal.signal)
}

type Found = { readonly path: string; readonly uri: string; readonly isFolder: boolean }

/** The uploads of one task. */
class Pushing {
  readonly #storage: TaskStorage
  readonly #directory: TaskDirectory
  readonly #root: string
  readonly #log: Logger
  /** The uploaded files, by URI. */
  readonly #stored = new Map<string, StoredFile>()

  constructor(storage: TaskStorage, directory: TaskDirectory, root: string, log: Logger) {
    this.#storage = storage
    this.#directory = directory
    this.#root = root
    this.#log = log
  }

  async push(
    outcome: Exclude<Outcome, { kind: 'cancelled' }>,
    data: JsonObject,
    named: readonly (readonly [string, string])[],
    signal: AbortSignal,
  ): Promise<Outcome> {
    const quota = await this.#directory.quota()
    quota?.take(0)
    const uris = new Map<string, string>()
    for (const text of new Set(named.map(([, each]) => each))) {
      const found = await this.#find(text)
      if (found) uris.set(text, found.uri)
      if (found) await this.#upload(found, signal)
    }
    const files = named.flatMap(([place, text]) => {
      const file = this.#stored.get(uris.get(text) ?? '')
      return file ? [[place, file] as const] : []
    })
    const replaced = replaceStrings(data, uris) as JsonObject
    return { ...outcome, data: replaced, ...(files.length > 0 && { files: Object.fromEntries(files) }) }
  }

  /** Returns the file or folder that a text names; `undefined` unless it exists and is really inside the directory. */
  async #find(text: string): Promise<Found | undefined> {
    const path = await this.#pathOf(text)
    const found = path === undefined ? undefined : await stat(path).catch(() => undefined)
    if (!found || path === undefined || !(await this.#isReallyInside(path))) return undefined
    const isFolder = found.isDirectory()
    return isFolder || found.isFile() ? { path, uri: this.#uriOf(path, isFolder), isFolder } : undefined
  }

  /** `TASK_FILES_DIR` may lead over links, and programs print paths without them. Returns the path below the root. */
  async #pathOf(text: string): Promise<string | undefined> {
    const path = resolve(text)
    if (isInside(this.#root, path)) return path
    const folder = await realpath(dirname(path)).catch(() => undefined)
    if (folder === undefined) return undefined
    const below = relative(await realpath(this.#root), join(folder, basename(path)))
    const inside = join(this.#root, below)
    return isInside(this.#root, inside) ? inside : undefined
  }

  async #upload({ path, isFolder }: Found, signal: AbortSignal): Promise<void> {
    const paths = isFolder ? this.#filesBelow(path) : [path]
    await forEach(paths, this.#storage.transfers.max, signal, (each, either) => this.#file(each, either))
  }

  async #file(path: string, signal: AbortSignal): Promise<void> {
    const { store, transfers, bucket } = this.#storage
    const to = { bucket, key: this.#keyOf(path) }
    const uri = s3Uri(to)
    if (this.#stored.has(uri)) return
    const { size, etag } = await transfers.run(() => store.upload(path, to, { signal }), signal)
    this.#stored.set(uri, { uri, size, ...(etag !== undefined && { etag }) })
  }

  /** Never follows links to folders, because they may form a cycle. Follows links to files inside the directory. */
  async *#filesBelow(folder: string): AsyncGenerator<string> {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) yield* this.#filesBelow(path)
      else if (entry.isFile() || (await this.#isLinkToFileInside(path))) yield path
      else this.#log.warn({ path }, 'not uploaded: neither a file nor a folder, or a link to a folder')
    }
  }

  async #isLinkToFileInside(path: string): Promise<boolean> {
    const found = await stat(path).catch(() => undefined)
    return found?.isFile() === true && this.#isReallyInside(path)
  }

  async #isReallyInside(path: string): Promise<boolean> {
    const isReallyInside = isInside(await realpath(this.#root), await realpath(path))
    if (!isReallyInside) this.#log.warn({ path }, 'not uploaded: the link leads out of the task directory')
    return isReallyInside
  }

  #uriOf(path: string, isFolder: boolean): string {
    return s3Uri({ bucket: this.#storage.bucket, key: this.#keyOf(path) + (isFolder ? '/' : '') })
  }

  /** The key contains the task id, so that two tasks never overwrite each other's files. */
  #keyOf(path: string): string {
    const below = relative(this.#root, path)
    const folder = `${this.#storage.keyPrefix}${directoryNameOf(this.#directory.taskId)}`
    return below === '' ? folder : `${folder}/${below}`
  }
}
