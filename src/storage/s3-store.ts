import { Limiter } from '../utils/limiter.js'
import type { Logger } from '../utils/logger.js'
import type {
  DownloadOptions,
  ListedObject,
  ObjectAddress,
  ObjectStore,
  StoredObject,
  TransferOptions,
} from './object-store.js'
import { describeStored } from './object-store.js'
import { patientS3, type S3 } from './patient-client.js'
import { connectS3, nameOfStore, type S3Access, type S3Clients } from './s3-client.js'
import { listObjects } from './s3-list.js'
import { StoreHealth } from './store-health.js'

/** The time for retries without progress, in ms. Results are worth more: a handler has already run for them. */
const DOWNLOAD_RETRY_MS = 120_000
const UPLOAD_RETRY_MS = 600_000
/** The same while credentials cannot be loaded and no handler has run yet, in ms. */
const CREDENTIALS_RETRY_MS = 20_000
/** The same for the properties of an object, in ms. Without them, the object is downloaded. */
const STAT_RETRY_MS = 2_000

/** An S3-compatible store. The AWS SDK is loaded with the first operation. */
export class S3Store implements ObjectStore {
  readonly #access: S3Access
  readonly #log: Logger | undefined
  readonly #health: StoreHealth
  #parts: Promise<{ clients: S3Clients; transfers: Transfers }> | undefined

  constructor(access: S3Access, log?: Logger) {
    this.#access = access
    this.#log = log
    this.#health = new StoreHealth(nameOfStore(access), log)
  }

  get concern(): string | undefined {
    return this.#health.concern
  }

  async *list(
    bucket: string,
    prefix: string,
    { signal }: TransferOptions,
  ): AsyncGenerator<ListedObject, void, undefined> {
    const { s3 } = await this.#open(this.#downloadMs, signal)
    yield* listObjects(s3, { bucket, key: prefix }, signal)
  }

  async stat(
    { bucket: Bucket, key: Key }: ObjectAddress,
    { signal }: TransferOptions,
  ): Promise<StoredObject> {
    const { sdk, client } = (await this.#open(Math.min(STAT_RETRY_MS, this.#downloadMs), signal)).s3
    const head = await client.send(new sdk.HeadObjectCommand({ Bucket, Key }), { abortSignal: signal })
    return describeStored(head.ContentLength ?? 0, head.ETag)
  }

  async download(from: ObjectAddress, path: string, options: DownloadOptions): Promise<StoredObject> {
    const { s3, transfers } = await this.#open(this.#downloadMs, options.signal)
    return transfers.downloadObject(s3, from, path, options)
  }

  async upload(path: string, to: ObjectAddress, options: TransferOptions): Promise<StoredObject> {
    const { retryMaxMs = UPLOAD_RETRY_MS } = this.#access
    const { s3, transfers } = await this.#open(retryMaxMs, options.signal, retryMaxMs)
    return transfers.uploadObject(s3, path, to, options, transfers.buffers)
  }

  get #downloadMs(): number {
    return this.#access.retryMaxMs ?? DOWNLOAD_RETRY_MS
  }

  /** Returns what one operation needs. Each operation has its own time for retries. */
  async #open(maxMs: number, signal: AbortSignal, credentialsMs = CREDENTIALS_RETRY_MS): Promise<Opened> {
    this.#parts ??= this.#load().catch((error: unknown) => {
      // The SDK may be installed before the next task.
      this.#parts = undefined
      throw error
    })
    const { clients, transfers } = await this.#parts
    return { s3: patientS3(clients, this.#health, { maxMs, credentialsMs, signal }), transfers }
  }

  async #load() {
    const [clients, transfers] = await Promise.all([
      connectS3(this.#access, this.#log),
      loadTransfers(this.#access.maxConcurrency),
    ])
    return { clients, transfers }
  }
}

type Opened = { readonly s3: S3; readonly transfers: Transfers }
type Transfers = Awaited<ReturnType<typeof loadTransfers>>

const loadTransfers = async (maxConcurrency: number) => {
  const [{ downloadObject }, { uploadObject, PartBuffers }] = await Promise.all([
    import('./s3-download.js'),
    import('./s3-upload.js'),
  ])
  return { downloadObject, uploadObject, buffers: new PartBuffers(new Limiter(maxConcurrency)) }
}
