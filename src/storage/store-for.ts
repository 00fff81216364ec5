import type { S3Settings, Settings } from '../settings.js'
import { OwnDirectory } from '../utils/directories/own-directory.js'
import type { Logger } from '../utils/logger.js'
import { BlobCache } from './blob-cache.js'
import { CachedFiles } from './cached-files.js'
import type { ObjectStore } from './object-store.js'
import { S3Store } from './s3-store.js'
import { countTransfers, type TransferCounts } from './transfer-counts.js'

/** The store behind `s3://` values with its cache; `undefined` if no store is configured and none is given. */
export const storeFor = (
  settings: Settings,
  log: Logger,
  given: ObjectStore | undefined,
  counts: TransferCounts,
): ObjectStore | undefined => {
  const plain = given ?? s3StoreFor(settings.s3, log)
  const store = plain && countTransfers(plain, counts)
  const { blobCacheDir, blobCacheMaxBytes, isInPod, s3 } = settings
  if (!store?.stat || blobCacheDir === undefined) return store
  const directory = new OwnDirectory([blobCacheDir], { isInPod })
  return new BlobCache(store, new CachedFiles(directory, blobCacheMaxBytes, s3.endpointUrl ?? '', log))
}

/** A region or keys without an endpoint mean AWS itself. */
const s3StoreFor = (s3: S3Settings, log: Logger): ObjectStore | undefined =>
  s3.endpointUrl || s3.region || s3.accessKey ? new S3Store(s3, log) : undefined
