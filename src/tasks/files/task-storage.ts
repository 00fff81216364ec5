import type { ObjectStore } from '../../storage/object-store.js'
import { Limiter } from '../../utils/limiter.js'

/** Where the tasks' objects lie; there is none in a worker that nobody has told of a store. */
export interface TaskStorage {
  readonly store: ObjectStore
  /** Where results go, and into which folder of it; the prefix is empty or ends with a slash. */
  readonly bucket: string
  readonly keyPrefix: string
  /** The transfers of all tasks. */
  readonly transfers: Limiter
}

/** Where results go, and how many transfers run at once. */
interface StorageSettings {
  readonly defaultBucket: string
  readonly keyPrefix: string
  readonly maxConcurrency: number
}

export const taskStorage = (
  store: ObjectStore | undefined,
  { defaultBucket: bucket, keyPrefix, maxConcurrency }: StorageSettings,
): TaskStorage | undefined => store && { store, bucket, keyPrefix, transfers: new Limiter(maxConcurrency) }
