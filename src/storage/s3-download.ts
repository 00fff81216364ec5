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

/** Whoever comes this much further may begin to count its attempts again. */
const PROGRESS_BYTES = 1_048_576

/** What the first answer said of the object; the later ones bring the rest of that very one. */
interface Promised {
  readonly size: number | undefined
  readonly etag: string | undefined
  readonly checksum: Checksum
}

/** One object on its way into a file. A connection that breaks is taken up again where it broke. */
class Download {
  readonly #s3: S3
  readonly #from: ObjectAddress
  readonly #sink: FileSink
  readonly #options: DownloadOptions
  #promised: Promised | undefined
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
    const command = new sdk.GetObjectCommand({ Bucket, Key, ...this.#rest() })
    const answer = await client.send(command, { abortSignal: this.#options.signal })
    const { size, etag, checksum } = await this.#agree(answer)
    await this.#pour(answer.Body as Readable, checksum)
    const { length } = this.#sink
    if (size !== undefined && length !== size) throw new Error(`${length} bytes came of ${size}`)
    if (!checksum.matches()) throw await this.#spoiled()
    return describeStored(length, etag)
  }

  /** What to ask for when some of it is there already. */
  #rest() {
    const { length } = this.#sink
    if (length === 0) return {}
    return { Range: `bytes=${length}-`, ...(this.#promised?.etag && { IfMatch: this.#promised.etag }) }
  }

  async #agree(answer: GetObjectCommandOutput): Promise<Promised> {
    const isRest = this.#sink.length > 0 && answer.ContentRange !== undefined
    if (!isRest && this.#sink.length > 0) await this.#restart()
    this.#promised ??= { size: answer.ContentLength, etag: answer.ETag, checksum: checksumFor(answer) }
    const { size } = this.#promised
    if (!this.#accepted && size !== undefined) this.#options.accept?.(size)
    this.#accepted = true
    return this.#promised
  }

  async #pour(body: Readable, checksum: Checksum): Promise<void> {
    const watch = destroyWhenStalled(body, this.#s3.silenceMs, () => this.#sink.length)
    try {
      for await (const chunk of addAbortSignal(this.#options.signal, body)) {
        checksum.update(chunk)
        const slow = this.#sink.add(chunk)
        if (slow) await slow
      }
    } finally {
      watch.cancel()
      await this.#sink.settle()
    }
  }

  async #spoiled(): Promise<Error> {
    await this.#restart()
    return new ChecksumError('what came is not what the store has promised by its checksum')
  }

  async #restart(): Promise<void> {
    await this.#sink.reset()
    this.#promised = undefined
  }

  /** @throws TaskError when trying again is of no use */
  async #recover(error: unknown, failures: number): Promise<void> {
    const changed = this.#sink.length > 0 && hasChanged(error)
    if (changed) await this.#restart()
    const what = `${s3Uri(this.#from)} cannot be downloaded`
    const failure = taskErrorOf(error, { what, placeIsFrom: 'input' })
    const mayPass = changed || failure instanceof TransientError
    if (!mayPass || failures >= ATTEMPTS || isDiskFull(error)) throw failure
  }
}

/** @throws TaskError that says how the task ends */
export const downloadObject = async (
  s3: S3,
  from: ObjectAddress,
  path: string,
  options: DownloadOptions,
): Promise<StoredObject> => {
  const file = await open(path, 'wx')
  try {
    return await new Download(s3, from, new FileSink(file), options).run()
  } finally {
    await file.close()
  }
}
