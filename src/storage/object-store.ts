import { plainEtag } from './etag.js'

/** The address of an object. */
export interface ObjectAddress {
  /** The name of the bucket. */
  readonly bucket: string
  /** A text of 1 to 1,024 bytes in UTF-8. Slashes have no meaning for the store. */
  readonly key: string
}

/** One object in a listing. */
export interface ListedObject {
  /** The key of the object. */
  readonly key: string
  /** The size in bytes. */
  readonly size: number
}

/** The properties of an object that was downloaded or uploaded. */
export interface StoredObject {
  /** The size in bytes. */
  readonly size: number
  /** The store's name for this version of the content, without quotes. Absent if the store has none. */
  readonly etag?: string
}

/** Builds a {@link StoredObject}. @param etag - as a store sends it, maybe with quotes */
export const describeStored = (size: number, etag: string | undefined): StoredObject => {
  const plain = plainEtag(etag)
  return { size, ...(plain !== undefined && { etag: plain }) }
}

/** The options of each operation of a store. */
export interface TransferOptions {
  /** Ends the operation. Reject with its `reason`, and leave no partial upload in the store. */
  readonly signal: AbortSignal
  /**
   * Call this function now and then with the number of bytes of the object that were transferred so far. After a transfer
   * has begun anew, the number is smaller. If the function throws, end the transfer with its error.
   */
  readonly onProgress?: (bytes: number) => void
}

/** The options of a download. */
export interface DownloadOptions extends TransferOptions {
  /**
   * Call this function with the size in bytes before the first byte is written. If it throws, end the download with its
   * error: the object does not fit into the task directory. Call it again with the additional bytes if a larger version
   * replaces the object during the download.
   */
  readonly accept?: (bytes: number) => void
}

/**
 * A store for the objects that `s3://` values name. The worker has one for S3. Pass another one to `new Worker`.
 *
 * An error of a method fails the task. Throw an {@link InvalidInputError} if the object does not exist and a
 * {@link PermanentError} if access is denied. Any other error counts as a {@link TransientError}. The worker does not
 * retry: retries are the task of the store.
 *
 * @example
 * new Worker({ objectStore: new MyStore() })
 */
export interface ObjectStore {
  /**
   * What is wrong with the store at present, in words; `undefined` while it works. Optional. The worker stays ready, and
   * `/readyz` shows this text to everybody.
   */
  readonly concern?: string | undefined
  /** Lists every object whose key begins with `prefix`, in any order. */
  list(bucket: string, prefix: string, options: TransferOptions): AsyncIterable<ListedObject>
  /**
   * Returns the properties of an object without its content. Optional: the cache of `WORKER_BLOB_CACHE_DIR` works only with
   * a store that has this method.
   */
  stat?(at: ObjectAddress, options: TransferOptions): Promise<StoredObject>
  /** Downloads an object into a new file. The folder of the file exists, the file does not. */
  download(from: ObjectAddress, path: string, options: DownloadOptions): Promise<StoredObject>
  /** Uploads a file as an object. Replaces an object with the same key. */
  upload(path: string, to: ObjectAddress, options: TransferOptions): Promise<StoredObject>
}
