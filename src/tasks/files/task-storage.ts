import type { ObjectStore } from '../../storage/object-store.js'
import { Limiter } from '../../utils/limiter.js'

/** The object store for the `s3://` values of tasks. A worker without a configured store has none. */
export interface TaskStorage {
  readonly store: ObjectStore
  /** The bucket for results. */
  readonly bucket: string
  /** The folder for results in the bucket. Empty, or ends with a slash. */
  readonly keyPrefix: string
  /** Limits the simultaneous transfers of all tasks. */
  readonly transfers: Limiter
}

interface StorageSettings {
  readonly defaultBucket: string
  readonly keyPrefix: string
  readonly maxConcurrency: number
}

/** Combines a store with its settings. Returns `undefined` without a store. */
export const taskStorage = (
  store: ObjectStore | undefined,
  { defaultBucket: bucket, keyPrefix, maxConcurrency }: StorageSettings,
): TaskStorage | undefined => store && { store, bucket, keyPrefix, transfers: new Limiter(maxConcurrency) }
