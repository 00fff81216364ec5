import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { CompletedPart } from '@aws-sdk/client-s3'
import { TransientError } from '../errors.js'
import { forEach } from '../utils/for-each.js'
import type { Limiter } from '../utils/limiter.js'
import { after } from '../utils/time.js'
import type { ObjectAddress, StoredObject, TransferOptions } from './object-store.js'
import type { S3 } from './s3-client.js'
import { taskErrorOf } from './s3-errors.js'
import { s3Uri } from './s3-uri.js'

/** Up to here an object goes in one piece. */
const PART_BYTES = 8 * 1_048_576
const MOST_PARTS = 10_000
const PARTS_AT_ONCE = 4
/** For telling the store that an upload is given up, in ms. */
const ABANDON_MS = 10_000

/** The size of the parts that a file is sent in. Pure. */
const partBytesFor = (size: number): number => Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS))

/** Memory for the parts under way, used again: what the collector would have to clear away is as much as the files. */
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
      // After a failure the socket may still hold it: it is not used again then.
      if (ordinary) this.#free.push(buffer)
      return product
    }, signal)
  }
}

/** One file on its way into the store. */
class Upload {
  readonly #s3: S3
  readonly #file: FileHandle
  readonly #place: { readonly Bucket: string; readonly Key: string }
  readonly #signal: AbortSignal
  readonly #buffers: PartBuffers

  constructor(s3: S3, file: FileHandle, to: ObjectAddress, signal: AbortSignal, buffers: PartBuffers) {
    this.#s3 = s3
    this.#file = file
    this.#place = { Bucket: to.bucket, Key: to.key }
    this.#signal = signal
    this.#buffers = buffers
  }

  async run(): Promise<StoredObject> {
    const { size } = await this.#file.stat()
    const etag = size <= PART_BYTES ? await this.#whole(size) : await this.#inParts(size)
    return { size, ...(etag !== undefined && { etag: etag.replaceAll('"', '') }) }
  }

  #whole(size: number): Promise<string | undefined> {
    const { sdk, client } = this.#s3
    return this.#lend(0, size, this.#signal, async (Body) => {
      const command = new sdk.PutObjectCommand({ ...this.#place, Body, ...this.#digest(Body) })
      return (await client.send(command, { abortSignal: this.#signal })).ETag
    })
  }

  /** The beginning and the end are not cut short: an upload whose id is not known could never be given up. */
  async #inParts(size: number): Promise<string | undefined> {
    const { sdk, client } = this.#s3
    const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(this.#place))
    try {
      const Parts = await this.#parts(UploadId, size)
      const done = { ...this.#place, UploadId, MultipartUpload: { Parts } }
      return (await client.send(new sdk.CompleteMultipartUploadCommand(done))).ETag
    } catch (error) {
      await this.#abandon(UploadId)
      throw error
    }
  }

  async #parts(UploadId: string | undefined, size: number): Promise<CompletedPart[]> {
    const { sdk, client } = this.#s3
    const bytes = partBytesFor(size)
    const numbers = Array.from({ length: Math.ceil(size / bytes) }, (_, index) => index + 1)
    const parts: CompletedPart[] = []
    await forEach(numbers, PARTS_AT_ONCE, this.#signal, (PartNumber, abortSignal) => {
      const start = (PartNumber - 1) * bytes
      return this.#lend(start, Math.min(bytes, size - start), abortSignal, async (Body) => {
        const part = { ...this.#place, UploadId, PartNumber, Body, ...this.#digest(Body) }
        const answer = await client.send(new sdk.UploadPartCommand(part), { abortSignal })
        const { ETag, ChecksumCRC32 } = answer
        parts.push({ PartNumber, ETag, ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }) })
      })
    })
    return parts.sort((one, other) => (one.PartNumber ?? 0) - (other.PartNumber ?? 0))
  }

  /** A piece of the file, in memory that is only lent. */
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
          if (bytesRead === 0) throw new TransientError('a file became shorter while it was uploaded')
          done += bytesRead
        }
        return send(buffer)
      },
      signal,
    )
  }

  /** With it the store refuses what has come wrong. AWS gets the SDK's own checksum. */
  #digest(piece: Buffer) {
    return this.#s3.isAws ? {} : { ContentMD5: createHash('md5').update(piece).digest('base64') }
  }

  /** What was sent of it would be kept, and paid for, for good. */
  async #abandon(UploadId: string | undefined): Promise<void> {
    const { sdk, client } = this.#s3
    const over = new AbortController()
    const timer = after(ABANDON_MS, () => over.abort())
    const command = new sdk.AbortMultipartUploadCommand({ ...this.#place, UploadId })
    await client.send(command, { abortSignal: over.signal }).catch(() => {})
    timer.cancel()
  }
}

/** @throws TaskError that says how the task ends */
export const uploadObject = async (
  s3: S3,
  path: string,
  to: ObjectAddress,
  { signal }: TransferOptions,
  buffers: PartBuffers,
): Promise<StoredObject> => {
  const file = await open(path, 'r')
  try {
    return await new Upload(s3, file, to, signal, buffers).run()
  } catch (error) {
    signal.throwIfAborted()
    throw taskErrorOf(error, { what: `${s3Uri(to)} cannot be uploaded`, placeIsFrom: 'worker' })
  } finally {
    await file.close()
  }
}
