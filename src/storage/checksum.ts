import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** The response headers of a store that describe the content of an object, under the names of the SDK. */
export interface ContentHeaders {
  readonly ChecksumCRC32?: string | undefined
  readonly ChecksumSHA1?: string | undefined
  readonly ChecksumSHA256?: string | undefined
  readonly ETag?: string | undefined
  readonly ServerSideEncryption?: string | undefined
  readonly SSECustomerAlgorithm?: string | undefined
}

/** A checksum that is computed while the bytes arrive. */
export interface Checksum {
  update(bytes: Uint8Array): void
  /** Returns whether all bytes together have the checksum that the store announced. */
  matches(): boolean
}

/** Encodes a CRC32 as stores do: four bytes in base64. Pure. */
export const encodeCrc32 = (value: number): string => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes.toString('base64')
}

const crcChecksum = (expected: string): Checksum => {
  let value = 0
  return {
    update: (bytes) => {
      value = crc32(bytes, value)
    },
    matches: () => encodeCrc32(value) === expected,
  }
}

const hashChecksum = (algorithm: string, encoding: 'base64' | 'hex', expected: string): Checksum => {
  const hash = createHash(algorithm)
  return {
    update: (bytes) => {
      hash.update(bytes)
    },
    matches: () => hash.digest(encoding) === expected,
  }
}

const NONE: Checksum = { update: () => {}, matches: () => true }

/**
 * Returns whether a checksum covers the whole object. A value with a dash is a checksum of the checksums of the parts. It
 * cannot be verified, because the store does not report where the parts begin.
 */
const coversObject = (value: string | undefined): value is string =>
  value !== undefined && !value.includes('-')

/** Returns the MD5 in an ETag. The ETag is no MD5 if the object was uploaded in parts or encrypted with a key of KMS or the client. */
const md5In = ({ ETag, ServerSideEncryption, SSECustomerAlgorithm }: ContentHeaders): string | undefined => {
  if (SSECustomerAlgorithm || (ServerSideEncryption && ServerSideEncryption !== 'AES256')) return undefined
  return /^"?([0-9a-f]{32})"?$/.exec(ETag ?? '')?.[1]
}

/** Returns the cheapest checksum of the whole object among the headers. Without one, returns a checksum that always matches. */
export const checksumFor = (headers: ContentHeaders): Checksum => {
  const { ChecksumCRC32, ChecksumSHA1, ChecksumSHA256 } = headers
  if (coversObject(ChecksumCRC32)) return crcChecksum(ChecksumCRC32)
  if (coversObject(ChecksumSHA1)) return hashChecksum('sha1', 'base64', ChecksumSHA1)
  if (coversObject(ChecksumSHA256)) return hashChecksum('sha256', 'base64', ChecksumSHA256)
  const md5 = md5In(headers)
  return md5 === undefined ? NONE : hashChecksum('md5', 'hex', md5)
}
