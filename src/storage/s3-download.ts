import { open } from 'node:fs/promises'
import { addAbortSignal, type Readable } from 'node:stream'
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { TransientError } from '../errors.js'
import { type ContentCheck, contentCheckFor } from './content-check.js'
import { strongEtag } from './etag.js'
import { FileSink } from './file-sink.js'
import {
  type DownloadOptions,
  describeStored,
  type ObjectAddress,
  type StoredObject,
} from './object-store.js'
import { isResumable, type ObjectVersion, pieceIn, versionIn } from './object-version.js'
import type { S3 } from './patient-client.js'
import {
  ChecksumError,
  CredentialsError,
  hasChanged,
  isAbsent,
  refusesCondition,
  taskErrorOf,
} from './s3-errors.js'
import { askForLength, encodingIn, hasEndMark } from './s3-framing.js'
import { s3Uri } from './s3-uri.js'
import { destroyWhenStalled } from './stall-watch.js'

/** An attempt that brings at least this many bytes is progress: the next failure is a first one. */
const PROGRESS_BYTES = 1_048_576
/** How often a download begins anew, however many bytes arrive in between: an object may change all the time. */
const MOST_RESTARTS = 5

/** The properties of the object in the response with its first byte. Later responses continue this version of the object. */
interface Announced {
  readonly version: ObjectVersion
  readonly check: ContentCheck
  /** Whether the end of the response is marked. Otherwise a broken connection looks like the end. */
  readonly hasEndMark: boolean
}

/** The download of one object. After a broken connection, the next attempt continues at the same byte of the same version. */
class Download {
  readonly #s3: S3
  readonly #from: ObjectAddress
  readonly #sink: FileSink
  readonly #options: DownloadOptions
  #announced: Announced | undefined
  #acceptedBytes: number | undefined
  #restarts = 0
  /** Whether the store answers ranges correctly, and the condition of a range. */
  #ranges = true
  #conditions = true
  /** The checksum of the content at the last mismatch. */
  #mismatched: string | undefined

  constructor(s3: S3, from: ObjectAddress, sink: FileSink, options: DownloadOptions) {
    this.#s3 = s3
    this.#from = from
    this.#sink = sink
    this.#options = options
  }

  async run(): Promise<StoredObject> {
    const { signal } = this.#options
    for (;;) {
      const before = this.#sink.length
      try {
        return await this.#receive()
      } catch (error) {
        signal.throwIfAborted()
        if (this.#sink.length - before >= PROGRESS_BYTES) this.#s3.patience.renew()
        await this.#recover(error)
      }
    }
  }

  async #receive(): Promise<StoredObject> {
    await this.#prepare()
    const { length } = this.#sink
    // The connection may have broken after the last byte.
    if (length === 0 || length !== this.#announced?.version.size) await this.#request()
    return this.#finish()
  }

  /** A version that cannot be continued begins anew. */
  async #prepare(): Promise<void> {
    const isContinued = this.#ranges && this.#announced && isResumable(this.#announced.version)
    if (this.#sink.length > 0 && !isContinued) await this.#restart()
  }

  async #request(): Promise<void> {
    const { sdk, client } = this.#s3
    const { bucket: Bucket, key: Key } = this.#from
    const command = new sdk.GetObjectCommand({ Bucket, Key, ...this.#range() })
    const response = await client.send(command, { abortSignal: this.#options.signal })
    const body = response.Body as Readable
    try {
      const { check } = await this.#accept(response, body)
      await this.#write(body, check)
    } catch (error) {
      // The rest of the response would keep its connection.
      body.destroy()
      throw error
    }
  }

  /** The request parameters for the missing rest of the object. */
  #range() {
    const { length } = this.#sink
    if (length === 0) return {}
    const etag = this.#announced?.version.etag
    const isConditional = this.#conditions && strongEtag(etag) !== undefined
    return { Range: `bytes=${length}-`, ...(isConditional && { IfMatch: etag }) }
  }

  async #accept(response: GetObjectCommandOutput, body: Readable): Promise<Announced> {
    const bytes = this.#sink.length
    // Without a byte, the headers of a broken response count for nothing.
    if (bytes === 0) this.#announced = undefined
    const arrived = this.#announced && bytes > 0 ? { version: this.#announced.version, bytes } : undefined
    const piece = pieceIn(response, response.$metadata?.httpStatusCode, arrived)
    if (piece === 'other-range') this.#ranges = false
    if (piece !== 'continuation' && (piece !== 'beginning' || bytes > 0)) await this.#restart()
    if (piece === 'other-version') throw new Error('the object changed during its download')
    if (piece === 'other-range') throw new Error('the store sent another range than requested')
    this.#announced ??= this.#announcedBy(response, body)
    this.#acceptSize(this.#announced.version.size)
    return this.#announced
  }

  #announcedBy(response: GetObjectCommandOutput, body: Readable): Announced {
    const ContentEncoding = response.ContentEncoding ?? encodingIn(body)
    const etags = this.#s3.etags.of(this.#from.bucket)
    return {
      version: versionIn(response),
      check: contentCheckFor({ ...response, ContentEncoding }, etags),
      hasEndMark: hasEndMark(response, body),
    }
  }

  #acceptSize(size: number | undefined): void {
    if (size === undefined) return
    const { accept } = this.#options
    if (this.#acceptedBytes === undefined) accept?.(size)
    else if (size > this.#acceptedBytes) accept?.(size - this.#acceptedBytes)
    this.#acceptedBytes = Math.max(size, this.#acceptedBytes ?? 0)
  }

  async #write(body: Readable, check: ContentCheck): Promise<void> {
    const watch = destroyWhenStalled(body, this.#s3.silenceMs, () => this.#sink.length)
    try {
      for await (const chunk of addAbortSignal(this.#options.signal, body)) {
        check.update(chunk)
        const written = this.#sink.add(chunk)
        this.#options.onProgress?.(this.#sink.length)
        if (written) await written
      }
    } finally {
      watch.cancel()
      await this.#sink.flush()
    }
  }

  /** Checks that all bytes have arrived, and that they are the stored ones. */
  async #finish(): Promise<StoredObject> {
    const { version, check, hasEndMark } = this.#announced as Announced
    const { length } = this.#sink
    const { size, etag } = version
    if (size !== undefined && length > size) {
      await this.#restart()
      throw new Error(`${length} bytes arrived, but the object has ${size}`)
    }
    this.#compareLength(size)
    const mismatch = check.mismatch()
    if (mismatch !== undefined) await this.#judge(mismatch, check)
    const isProven = check.isPresent && check.isPromise
    if (!hasEndMark && !isProven) this.#compareLength(await this.#askForLength())
    return describeStored(length, etag)
  }

  #askForLength(): Promise<number | undefined> {
    return askForLength(this.#s3, this.#from, this.#options.signal)
  }

  async #mayBeWhole(): Promise<boolean> {
    const { length } = this.#sink
    const expected = await this.#askForLength().catch(() => length)
    this.#options.signal.throwIfAborted()
    return (expected ?? length) === length
  }

  #compareLength(expected: number | undefined): void {
    const { length } = this.#sink
    if (expected !== undefined && length !== expected)
      throw new Error(`${length} of ${expected} bytes arrived`)
  }

  /** If the same bytes arrive twice, and are not too few, an uncertain checksum belongs to other bytes. */
  async #judge(mismatch: string, check: ContentCheck): Promise<void> {
    const isRepeated = !check.isPromise && mismatch === this.#mismatched
    if (isRepeated && (await this.#mayBeWhole())) {
      if (check.isGuess) this.#s3.etags.foundOpaque(this.#from.bucket)
      return
    }
    this.#mismatched = mismatch
    await this.#restart()
    throw new ChecksumError('the content does not match the checksum of the store')
  }

  async #restart(): Promise<void> {
    this.#restarts++
    this.#announced = undefined
    await this.#sink.reset()
  }

  /** Waits before the next attempt. @throws TaskError if another attempt would not help, or no time is left for it */
  async #recover(error: unknown): Promise<void> {
    const isBegun = this.#sink.length > 0
    const isRefused = isBegun && this.#conditions && refusesCondition(error)
    const isChanged = isBegun && !isRefused && (hasChanged(error) || isAbsent(error))
    // The response to the next request tells its version.
    if (isRefused) this.#conditions = false
    if (isChanged) await this.#restart()
    const what = `${s3Uri(this.#from)} cannot be downloaded`
    const failure = taskErrorOf(error, { what, addressIsFrom: 'input' })
    const isTransient = isRefused || isChanged || failure instanceof TransientError
    // The client has waited for credentials already.
    if (!isTransient || this.#sink.hasFailed || error instanceof CredentialsError) throw failure
    if (this.#restarts >= MOST_RESTARTS) throw isChanged ? changedError(what, error) : failure
    if (!(await this.#s3.patience.pause(this.#options.signal))) throw failure
  }
}

/** A store that answers 412 or 404 has a permanent error, but the object changes. */
const changedError = (what: string, cause: unknown): TransientError =>
  new TransientError(`${what}: the object changed during its download`, { cause })

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
