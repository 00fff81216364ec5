import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import type { CompletedPart } from '@aws-sdk/client-s3'
import { TransientError } from '../errors.js'
import { forEach } from '../utils/for-each.js'
import type { Limiter } from '../utils/limiter.js'
import { after } from '../utils/time.js'
import { encodeCrc32 } from './checksum.js'
import {
  describeStored,
  type ObjectAddress,
  type StoredObject,
  type TransferOptions,
} from './object-store.js'
import type { S3 } from './patient-client.js'
import {
  describeError,
  isDamaged,
  isLostUpload,
  isOutage,
  LostAnswer,
  mayBeDone,
  taskErrorOf,
} from './s3-errors.js'
import { type Expected, findUploaded, multipartEtag } from './s3-lookup.js'
import { ATTEMPTS, pauseAfter } from './s3-retry.js'
import { s3Uri } from './s3-uri.js'

/** The size of a part. A smaller object is uploaded in one request. */
const PART_BYTES = 8 * 1_048_576
const MOST_PARTS = 10_000
const PARTS_AT_ONCE = 4
/** How often an upload in parts begins, at most. */
const MOST_BEGUN = 3
/** With these parameters, the store knows the checksum of the whole object, although it is uploaded in parts. */
const WHOLE_CHECKSUM = { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } as const
/** The timeout of the request that deletes the uploaded parts, in ms. */
const ABANDON_MS = 10_000

/** Returns the part size for a file. Pure. */
const partBytesFor = (size: number): number => Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS))

/** Reusable memory for the parts in flight. Without reuse, the garbage collector would have to free as many bytes as the files have. */
export class PartBuffers {
  readonly #limiter: Limiter
  readonly #free: Buffer[] = []

  constructor(limiter: Limiter) {
    this.#limiter = limiter
  }

  lend<T>(bytes: number, use: (buffer: Buffer) => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#limiter.run(async () => {
      const ordinary = bytes <= PART_BYTES
      const buffer = (ordinary && this.#free.pop()) || Buffer.allocUnsafeSlow(Math.max(bytes, PART_BYTES))
      const product = await use(buffer.subarray(0, bytes))
      // Not reached after a failure: the socket may still hold the buffer then.
      if (ordinary) this.#free.push(buffer)
      return product
    }, signal)
  }
}

/** Returns the checksum parameters of a part. */
type Digest = (piece: Buffer) => { readonly ChecksumCRC32?: string }

const crcOf: Digest = (piece) => ({ ChecksumCRC32: encodeCrc32(crc32(piece)) })

/** The upload of one file. */
class Upload {
  readonly #s3: S3
  readonly #file: FileHandle
  readonly #target: { readonly Bucket: string; readonly Key: string }
  readonly #signal: AbortSignal
  readonly #options: TransferOptions
  readonly #buffers: PartBuffers
  #sent = 0

  constructor(s3: S3, file: FileHandle, to: ObjectAddress, options: TransferOptions, buffers: PartBuffers) {
    this.#s3 = s3
    this.#file = file
    this.#target = { Bucket: to.bucket, Key: to.key }
    this.#signal = options.signal
    this.#options = options
    this.#buffers = buffers
  }

  async run(): Promise<StoredObject> {
    const { size } = await this.#file.stat()
    const etag = size <= PART_BYTES ? await this.#whole(size) : await this.#inParts(size)
    return describeStored(size, etag)
  }

  async #whole(size: number): Promise<string | undefined> {
    const { sdk, brief } = this.#s3
    return this.#lend(0, size, this.#signal, (Body) => {
      const command = new sdk.PutObjectCommand({ ...this.#target, Body })
      const put = async () => (await brief.send(command, { abortSignal: this.#signal })).ETag
      return this.#confirm(put, { size })
    })
  }

  /** Begins anew if the store has lost the upload, or if it is unknown whether the upload has ended. */
  async #inParts(size: number): Promise<string | undefined> {
    for (let begun = 1; ; begun++) {
      try {
        return await this.#oneInParts(size)
      } catch (error) {
        const isUnclear = isLostUpload(error) || error instanceof LostAnswer
        if (!isUnclear || begun >= MOST_BEGUN) throw error
        await pauseAfter(begun, this.#signal)
        this.#signal.throwIfAborted()
      }
    }
  }

  /** The first and the last request are not aborted: without its id, an upload could not be deleted. */
  async #oneInParts(size: number): Promise<string | undefined> {
    const { sdk, client } = this.#s3
    const begin = { ...this.#target, ...WHOLE_CHECKSUM }
    // A store with CRC32 support confirms the algorithm. Older stores ignore it.
    const begun = await client.send(new sdk.CreateMultipartUploadCommand(begin))
    const { UploadId, ChecksumAlgorithm } = begun
    const digest = ChecksumAlgorithm === 'CRC32' ? crcOf : () => ({})
    try {
      const parts = await this.#parts(UploadId, size, digest)
      return await this.#complete(UploadId, size, parts)
    } catch (error) {
      await this.#abandon(UploadId)
      throw error
    }
  }

  async #complete(UploadId: string | undefined, size: number, Parts: CompletedPart[]) {
    const { sdk, brief, patience } = this.#s3
    const command = new sdk.CompleteMultipartUploadCommand({
      ...this.#target,
      UploadId,
      MultipartUpload: { Parts },
    })
    const end = async () => {
      const { ETag } = await brief.send(command)
      // A store may send an error after it has begun a response with status 200.
      if (ETag === undefined) throw new LostAnswer('the store did not confirm the end of the upload')
      return ETag
    }
    const etag = multipartEtag(Parts.map(({ ETag }) => ETag))
    try {
      return await this.#confirm(end, { size, etag })
    } catch (error) {
      this.#signal.throwIfAborted()
      if (!mayBeDone(error, patience.isFailing)) throw error
      const message = `unknown whether the upload has ended: ${describeError(error)}`
      throw new LostAnswer(message, { cause: error })
    }
  }

  /**
   * Sends a request whose response may be lost. After a few failures, and before the upload fails, looks whether the store
   * has the object nevertheless.
   *
   * @param send - returns the ETag of the object
   */
  async #confirm(send: () => Promise<string | undefined>, expected: Expected): Promise<string | undefined> {
    const { patience } = this.#s3
    for (;;) {
      try {
        return await send()
      } catch (error) {
        const found = await this.#lookUp(error, expected)
        if (found) return found.ETag
        if (!isOutage(error) || !(await patience.pause(this.#signal))) throw error
      }
    }
  }

  /**
   * Looks whether the store has the object after a failure.
   *
   * @returns what the store reports about the object; `undefined` if it has another one or none, or if this is unknown
   * @throws the error if the store certainly has not done what was requested
   */
  async #lookUp(error: unknown, expected: Expected) {
    this.#signal.throwIfAborted()
    if (!mayBeDone(error, this.#s3.patience.isFailing)) throw error
    return findUploaded(this.#s3, this.#file, this.#target, expected, this.#signal)
  }

  async #parts(UploadId: string | undefined, size: number, digest: Digest): Promise<CompletedPart[]> {
    const { sdk, client } = this.#s3
    const bytes = partBytesFor(size)
    const numbers = Array.from({ length: Math.ceil(size / bytes) }, (_, index) => index + 1)
    const parts: CompletedPart[] = []
    await forEach(numbers, PARTS_AT_ONCE, this.#signal, (PartNumber, abortSignal) => {
      const start = (PartNumber - 1) * bytes
      return this.#lend(start, Math.min(bytes, size - start), abortSignal, async (Body) => {
        const checksum = digest(Body)
        const part = { ...this.#target, UploadId, PartNumber, Body, ...checksum }
        const { ETag } = await client.send(new sdk.UploadPartCommand(part), { abortSignal })
        parts.push({ PartNumber, ETag, ...checksum })
        this.#sent += Body.byteLength
        this.#options.onProgress?.(this.#sent)
      })
    })
    return parts.sort((one, other) => (one.PartNumber ?? 0) - (other.PartNumber ?? 0))
  }

  /** Reads a part of the file into a reusable buffer and sends it. */
  #lend<T>(
    start: number,
    bytes: number,
    signal: AbortSignal,
    send: (piece: Buffer) => Promise<T>,
  ): Promise<T> {
    return this.#buffers.lend(
      bytes,
      async (buffer) => {
        for (let done = 0; done < bytes; ) {
          const { bytesRead } = await this.#file.read(buffer, done, bytes - done, start + done)
          if (bytesRead === 0)
            throw new TransientError('File not uploaded: it became shorter during the upload')
          done += bytesRead
        }
        return this.#send(() => send(buffer), signal)
      },
      signal,
    )
  }

  /** Repeats a part that was damaged on its way. The SDK does not: it takes the refusal for a mistake of the caller. */
  async #send<T>(send: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let failures = 1; ; failures++) {
      try {
        return await send()
      } catch (error) {
        if (!isDamaged(error) || failures >= ATTEMPTS) throw error
        await pauseAfter(failures, signal)
      }
    }
  }

  /** Deletes the uploaded parts. The store would keep them forever, and charge for them. */
  async #abandon(UploadId: string | undefined): Promise<void> {
    const { sdk, client } = this.#s3
    const over = new AbortController()
    const timer = after(ABANDON_MS, () => over.abort())
    const command = new sdk.AbortMultipartUploadCommand({ ...this.#target, UploadId })
    await client.send(command, { abortSignal: over.signal }).catch(() => {})
    timer.cancel()
  }
}

/** Uploads a file as an object. @throws TaskError with the code that the task fails with */
export const uploadObject = async (
  s3: S3,
  path: string,
  to: ObjectAddress,
  options: TransferOptions,
  buffers: PartBuffers,
): Promise<StoredObject> => {
  const file = await open(path, 'r')
  try {
    return await new Upload(s3, file, to, options, buffers).run()
  } catch (error) {
    options.signal.throwIfAborted()
    throw taskErrorOf(error, { what: `${s3Uri(to)} cannot be uploaded`, addressIsFrom: 'worker' })
  } finally {
    await file.close()
  }
}
