/** Where an object lies. */
export interface ObjectAddress {
  readonly bucket: string
  /** Any text of 1 to 1,024 bytes; slashes are usual and mean nothing to the store. */
  readonly key: string
}

/** One object of a listing. */
export interface ListedObject {
  readonly key: string
  /** In bytes. */
  readonly size: number
}

/** An object as it was received or is stored now. */
export interface StoredObject {
  /** In bytes. */
  readonly size: number
  /** What the store calls this content, without quotes, where it tells. */
  readonly etag?: string
}

/** @param etag as a store writes it */
export const describeStored = (size: number, etag: string | undefined): StoredObject => ({
  size,
  ...(etag !== undefined && { etag: etag.replaceAll('"', '') }),
})

/** What comes with each transfer. */
export interface TransferOptions {
  /** Ends the transfer: nothing half-done may stay in the store. Its reason is what to throw. */
  readonly signal: AbortSignal
}

/** What comes with a download. */
export interface DownloadOptions extends TransferOptions {
  /** To be called with the size, in bytes, before the first byte is written; what it throws ends the download. */
  readonly accept?: (bytes: number) => void
}

/**
 * Where the `s3://` values of tasks lead to. The worker brings one for S3; give another one to `new Worker`.
 *
 * What a method throws ends the task: an {@link InvalidInputError} where there is no such object, a {@link PermanentError}
 * where access is denied; anything else counts as a {@link TransientError}. Retries are the store's own affair.
 */
export interface ObjectStore {
  /** Every object whose key begins with `prefix`, in any order. */
  list(bucket: string, prefix: string, options: TransferOptions): AsyncIterable<ListedObject>
  /** What an object is, without its content. Downloads of a store that tells can be kept, see `WORKER_BLOB_CACHE_DIR`. */
  stat?(at: ObjectAddress, options: TransferOptions): Promise<StoredObject>
  /** Writes an object into a file, which is not there yet; its folder is. */
  download(from: ObjectAddress, path: string, options: DownloadOptions): Promise<StoredObject>
  /** Stores a file as an object, instead of what the key held before. */
  upload(path: string, to: ObjectAddress, options: TransferOptions): Promise<StoredObject>
}
