import { readFile, writeFile } from 'node:fs/promises'
import { InvalidInputError } from '../errors.js'
import type {
  DownloadOptions,
  ListedObject,
  ObjectAddress,
  ObjectStore,
  StoredObject,
  TransferOptions,
} from '../storage/object-store.js'
import { parseS3Uri, s3Uri } from '../storage/s3-uri.js'

/** The content of a file or of an object: text or bytes. */
export type Content = string | Uint8Array

/**
 * An object store in memory, for the option `store` of {@link runTask} and for `new Worker({ objectStore })`.
 *
 * @example
 * const store = new MemoryStore({ 's3://pictures/cat.jpg': await readFile('cat.jpg') })
 */
export class MemoryStore implements ObjectStore {
  readonly #objects = new Map<string, Buffer>()

  /**
   * Creates a store.
   *
   * @param objects - the first objects, by URI. Default: none
   * @throws InvalidInputError if a name is not the `s3://` URI of an object
   */
  constructor(objects: Readonly<Record<string, Content>> = {}) {
    for (const [uri, content] of Object.entries(objects)) this.put(uri, content)
  }

  /** The URIs of all objects, in alphabetical order. */
  get uris(): readonly string[] {
    return [...this.#objects.keys()].sort()
  }

  /** Returns the content of an object. `undefined` if the object does not exist. */
  get(uri: string): Buffer | undefined {
    return this.#objects.get(uri)
  }

  /**
   * Creates or replaces an object.
   *
   * @throws InvalidInputError if `uri` is not the `s3://` URI of an object
   */
  put(uri: string, content: Content): void {
    this.#objects.set(s3Uri(parseS3Uri(uri)), Buffer.from(content))
  }

  /** Lists every object whose key begins with `prefix`, in alphabetical order. */
  async *list(bucket: string, prefix: string, { signal }: TransferOptions): AsyncIterable<ListedObject> {
    const start = s3Uri({ bucket, key: '' })
    for (const uri of this.uris) {
      signal.throwIfAborted()
      if (uri.startsWith(start + prefix)) yield { key: uri.slice(start.length), size: this.#read(uri).length }
    }
  }

  /**
   * Returns the size of an object.
   *
   * @throws InvalidInputError if it does not exist
   */
  async stat(at: ObjectAddress): Promise<StoredObject> {
    return { size: this.#read(s3Uri(at)).length }
  }

  /**
   * Writes an object to a file.
   *
   * @throws InvalidInputError if the object does not exist
   */
  async download(
    from: ObjectAddress,
    path: string,
    { accept, signal }: DownloadOptions,
  ): Promise<StoredObject> {
    signal.throwIfAborted()
    const content = this.#read(s3Uri(from))
    accept?.(content.length)
    await writeFile(path, content)
    return { size: content.length }
  }

  /** Stores the content of a file as an object. */
  async upload(path: string, to: ObjectAddress, { signal }: TransferOptions): Promise<StoredObject> {
    signal.throwIfAborted()
    const content = await readFile(path)
    this.#objects.set(s3Uri(to), content)
    return { size: content.length }
  }

  #read(uri: string): Buffer {
    const content = this.#objects.get(uri)
    if (content) return content
    throw new InvalidInputError(`The object ${uri} does not exist`)
  }
}
