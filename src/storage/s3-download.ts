import { open } from 'node:fs/promises'
import { addAbortSignal, type Readable } from 'node:stream'
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { TransientError } from '../errors.js'
import { isDiskFull } from '../utils/disk-full.js'
import { type Checksum, checksumFor } from './checksum.js'
import { FileSink } from './file-sink.js'
import {
  type DownloadOptions,
  describeStored,
  type ObjectAddress,
  type StoredObject,
} from './object-store.js'
import type { S3 } from './s3-client.js'
import { ChecksumError, hasChanged, taskErrorOf } from './s3-errors.js'
import { ATTEMPTS, pauseAfter } from './s3-retry.js'
import { s3Uri } from './s3-uri.js'
import { destroyWhenStalled } from './stall-watch.js'

/** An attempt that brings at least this many bytes resets the count of failures. */
const PROGRESS_BYTES = 1_048_576

/** The properties of the object in the first response. Later responses continue this version of the object. */
interface Announced {
  readonly size: number | undefined
  readonly etag: string | undefined
  readonly checksum: Checksum
}

/** The download of one object. After a broken connection, the next attempt continues at the same byte. */
class Download {
  readonly #s3: S3
  readonly #from: ObjectAddress
  readonly #sink: FileSink
  readonly #options: DownloadOptions
  #announced: Announced | undefined
  #accepted = false

  constructor(s3: S3, from: ObjectAddress, sink: FileSink, options: DownloadOptions) {
    this.#s3 = s3
    this.#from = from
    this.#sink = sink
    this.#options = options
  }

  async run(): Promise<StoredObject> {
    const { signal } = this.#options
    for (let failures = 0; ; ) {
      const before = this.#sink.length
      try {
        return await this.#receive()
      } catch (error) {
        signal.throwIfAborted()
        failures = this.#sink.length - before >= PROGRESS_BYTES ? 1 : failures + 1
        await this.#recover(error, failures)
        await pauseAfter(failures, signal)
      }
    }
  }

  async #receive(): Promise<StoredObject> {
    const { sdk, client } = this.#s3
    const { bucket: Bucket, key: Key } = this.#from
    const command = new sdk.GetObjectCommand({ Bucket, Key, ...this.#range() })
    const response = await client.send(command, { abortSignal: this.#options.signal })
    const { size, etag, checksum } = await this.#accept(response)
    await this.#write(response.Body as Readable, checksum)
    const { length } = this.#sink
    if (size !== undefined && length !== size) throw new Error(`${length} of ${size} bytes arrived`)
    if (!checksum.matches()) throw await this.#mismatch()
    return describeStored(length, etag)
  }

  /** The request parameters for the missing rest of the object. */
  #range() {
    const { length } = this.#sink
    if (length === 0) return {}
    return { Range: `bytes=${length}-`, ...(this.#announced?.etag && { IfMatch: this.#announced.etag }) }
  }

  async #accept(response: GetObjectCommandOutput): Promise<Announced> {
    const isContinued = this.#sink.length > 0 && response.ContentRange !== undefined
    if (!isContinued && this.#sink.length > 0) await this.#restart()
    this.#announced ??= { size: response.ContentLength, etag: response.ETag, checksum: checksumFor(response) }
    const { size } = this.#announced
    if (!this.#accepted && size !== undefined) this.#options.accept?.(size)
    this.#accepted = true
    return this.#announced
  }

  async #write(body: Readable, checksum: Checksum): Promise<void> {
    const watch = destroyWhenStalled(body, this.#s3.silenceMs, () => this.#sink.length)
    try {
      for await (const chunk of addAbortSignal(this.#options.signal, body)) {
        checksum.update(chunk)
        const written = this.#sink.add(chunk)
        if (written) await written
      }
    } finally {
      watch.cancel()
      await this.#sink.flush()
    }
  }

  async #mismatch(): Promise<Error> {
    await this.#restart()
    return new ChecksumError('the content does not match the checksum of the store')
  }

  async #restart(): Promise<void> {
    await this.#sink.reset()
    this.#announced = undefined
  }

  /** @throws TaskError if another attempt would not help */
  async #recover(error: unknown, failures: number): Promise<void> {
    const changed = this.#sink.length > 0 && hasChanged(error)
    if (changed) await this.#restart()
    const what = `${s3Uri(this.#from)} cannot be downloaded`
    const failure = taskErrorOf(error, { what, addressIsFrom: 'input' })
    const isTransient = changed || failure instanceof TransientError
    if (!isTransient || failures >= ATTEMPTS || isDiskFull(error)) throw failure
  }
}

/** Downloads an object into a new file. @throws TaskError with the code that the task fails with */
export const downloadObject = async (
  s3: S3,
  from: ObjectAddress,
  path: string,
  options: DownloadOptions,
): Promise<StoredObject> => {
  const file = await open(path, 'wx', 0o600)
  try {
    return await new Download(s3, from, new FileSink(file), options).run()
  } finally {
    await file.close()
  }
}
