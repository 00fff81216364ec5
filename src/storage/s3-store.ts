import { Limiter } from '../utils/limiter.js'
import type {
  DownloadOptions,
  ListedObject,
  ObjectAddress,
  ObjectStore,
  StoredObject,
  TransferOptions,
} from './object-store.js'
import { describeStored } from './object-store.js'
import { connectS3, type S3, type S3Access } from './s3-client.js'
import { listObjects } from './s3-list.js'

/** An S3-compatible store. The AWS SDK is loaded with the first operation. */
export class S3Store implements ObjectStore {
  readonly #access: S3Access
  #parts: Promise<{ s3: S3; transfers: Transfers }> | undefined

  constructor(access: S3Access) {
    this.#access = access
  }

  async *list(
    bucket: string,
    prefix: string,
    { signal }: TransferOptions,
  ): AsyncGenerator<ListedObject, void, undefined> {
    const { s3 } = await this.#open()
    yield* listObjects(s3, { bucket, key: prefix }, signal)
  }

  async stat(
    { bucket: Bucket, key: Key }: ObjectAddress,
    { signal }: TransferOptions,
  ): Promise<StoredObject> {
    const { sdk, client } = (await this.#open()).s3
    const head = await client.send(new sdk.HeadObjectCommand({ Bucket, Key }), { abortSignal: signal })
    return describeStored(head.ContentLength ?? 0, head.ETag)
  }

  async download(from: ObjectAddress, path: string, options: DownloadOptions): Promise<StoredObject> {
    const { s3, transfers } = await this.#open()
    return transfers.downloadObject(s3, from, path, options)
  }

  async upload(path: string, to: ObjectAddress, options: TransferOptions): Promise<StoredObject> {
    const { s3, transfers } = await this.#open()
    return transfers.uploadObject(s3, path, to, options, transfers.buffers)
  }

  #open() {
    this.#parts ??= this.#load().catch((error: unknown) => {
      // The SDK may be installed before the next task.
      this.#parts = undefined
      throw error
    })
    return this.#parts
  }

  async #load() {
    const [s3, transfers] = await Promise.all([
      connectS3(this.#access),
      loadTransfers(this.#access.maxConcurrency),
    ])
    return { s3, transfers }
  }
}

type Transfers = Awaited<ReturnType<typeof loadTransfers>>

const loadTransfers = async (maxConcurrency: number) => {
  const [{ downloadObject }, { uploadObject, PartBuffers }] = await Promise.all([
    import('./s3-download.js'),
    import('./s3-upload.js'),
  ])
  return { downloadObject, uploadObject, buffers: new PartBuffers(new Limiter(maxConcurrency)) }
}
