import { PermanentError } from '../../errors.js'
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
  /** Whether long transfers are reported as the progress of their task. */
  readonly reportsProgress: boolean
}

interface StorageSettings {
  readonly defaultBucket: string
  readonly keyPrefix: string
  readonly maxConcurrency: number
  readonly transferProgress?: boolean
}

/** Combines a store with its settings. Returns `undefined` without a store. */
export const taskStorage = (
  store: ObjectStore | undefined,
  { defaultBucket: bucket, keyPrefix, maxConcurrency, transferProgress = true }: StorageSettings,
): TaskStorage | undefined =>
  store && {
    store,
    bucket,
    keyPrefix,
    transfers: new Limiter(maxConcurrency),
    reportsProgress: transferProgress,
  }

/** @throws PermanentError if no store is configured */
export const requireStorage = (storage: TaskStorage | undefined, what: string): TaskStorage => {
  if (storage) return storage
  throw new PermanentError(
    `${what}: no store is configured. Set S3_ENDPOINT_URL, S3_REGION or S3_ACCESS_KEY, or pass objectStore to new Worker()`,
  )
}
