import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import { contentCheckFor } from './content-check.js'
import { plainEtag } from './etag.js'
import type { S3 } from './patient-client.js'

const BATCH_BYTES = 1_048_576

/** What an upload should have stored. */
export interface Expected {
  /** In bytes. */
  readonly size: number
  /** An ETag that only this content has. */
  readonly etag?: string | undefined
}

/**
 * Returns the ETag that stores give to an object of several parts: the MD5 of the MD5s of the parts, and their number.
 * `undefined` if the ETags of the parts are no MD5s. Pure.
 */
export const multipartEtag = (partEtags: readonly (string | undefined)[]): string | undefined => {
  const plain = partEtags.map((etag) => plainEtag(etag) ?? '')
  if (!plain.every((etag) => /^[\da-f]{32}$/i.test(etag))) return undefined
  const hash = createHash('md5')
  for (const etag of plain) hash.update(Buffer.from(etag, 'hex'))
  return `${hash.digest('hex')}-${plain.length}`
}

/** Returns whether a file has the checksum, or the MD5 as ETag, that a store reports. False if the store reports neither. */
const hasContentOf = async (
  file: FileHandle,
  stored: HeadObjectCommandOutput,
  signal: AbortSignal,
): Promise<boolean> => {
  const check = contentCheckFor({ ...stored, ContentEncoding: undefined }, 'maybe')
  if (!check.isPresent) return false
  const buffer = Buffer.allocUnsafe(BATCH_BYTES)
  for (let position = 0; ; ) {
    signal.throwIfAborted()
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) return check.mismatch() === undefined
    check.update(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
}

/**
 * Looks whether a store has an object with exactly the content of a file: the size and a checksum have to be the same.
 *
 * @returns what the store reports about the object; `undefined` if it has another one or none, or if this is unknown
 */
export const findUploaded = async (
  { sdk, brief }: S3,
  file: FileHandle,
  at: { readonly Bucket: string; readonly Key: string },
  { size, etag }: Expected,
  signal: AbortSignal,
): Promise<HeadObjectCommandOutput | undefined> => {
  const head = new sdk.HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' })
  const stored = await brief.send(head, { abortSignal: signal }).catch(() => undefined)
  signal.throwIfAborted()
  if (!stored || stored.ContentLength !== size) return undefined
  const isSame = etag !== undefined && plainEtag(stored.ETag) === etag
  return isSame || (await hasContentOf(file, stored, signal)) ? stored : undefined
}
