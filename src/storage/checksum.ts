import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { crc32c } from './crc32c.js'
import { Crc64Nvme } from './crc64-nvme.js'

/** Computes a checksum of bytes that arrive piece by piece. */
export interface Digester {
  update(bytes: Uint8Array): unknown
  /** Returns the checksum. Called once, after the last byte. */
  digest(): Buffer
}

/** The response headers of a store with a checksum of the object, under the names of the SDK. */
export interface ChecksumHeaders {
  readonly ChecksumCRC32?: string | undefined
  readonly ChecksumCRC32C?: string | undefined
  readonly ChecksumCRC64NVME?: string | undefined
  readonly ChecksumMD5?: string | undefined
  readonly ChecksumSHA1?: string | undefined
  readonly ChecksumSHA256?: string | undefined
  readonly ChecksumSHA512?: string | undefined
  /** `COMPOSITE`: a checksum of the checksums of the parts · `FULL_OBJECT` */
  readonly ChecksumType?: string | undefined
}

/** A checksum that a store has announced. */
export interface AnnouncedChecksum {
  readonly expected: Buffer
  readonly digester: Digester
}

const fourBytes = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Encodes a CRC32 as stores do: four bytes in base64. Pure. */
export const encodeCrc32 = (value: number): string => fourBytes(value).toString('base64')

const crcDigester = (next: (bytes: Uint8Array, before: number) => number) => (): Digester => {
  let value = 0
  return {
    update: (bytes) => {
      value = next(bytes, value)
    },
    digest: () => fourBytes(value),
  }
}

export const crc32Digester = crcDigester(crc32)

/** Returns a digester for MD5, because some stores use the MD5 of an object as its ETag. */
export const md5Digester = (): Digester => createHash('md5')

/** The checksums that the worker can verify, the cheapest first: name, size in bytes, digester. */
const CHECKSUMS = [
  ['ChecksumCRC32', 4, crc32Digester],
  ['ChecksumSHA1', 20, () => createHash('sha1')],
  ['ChecksumSHA256', 32, () => createHash('sha256')],
  ['ChecksumCRC32C', 4, crcDigester(crc32c)],
  ['ChecksumCRC64NVME', 8, () => new Crc64Nvme()],
  ['ChecksumMD5', 16, md5Digester],
  ['ChecksumSHA512', 64, () => createHash('sha512')],
] as const satisfies readonly (readonly [keyof ChecksumHeaders, number, () => Digester])[]

/**
 * Returns the bytes of a checksum of the whole object. A value with a dash is a checksum of the checksums of the parts. It
 * cannot be verified, because the store does not report where the parts begin. A value of another length is no checksum.
 */
const wholeChecksum = (value: string | undefined, length: number): Buffer | undefined => {
  if (value === undefined || value.includes('-')) return undefined
  const bytes = Buffer.from(value, 'base64')
  return bytes.length === length ? bytes : undefined
}

/** Returns the cheapest checksum of the whole object among the headers; `undefined` if there is none. */
export const announcedChecksum = (headers: ChecksumHeaders): AnnouncedChecksum | undefined => {
  if (headers.ChecksumType === 'COMPOSITE') return undefined
  for (const [name, length, digesterFor] of CHECKSUMS) {
    const expected = wholeChecksum(headers[name], length)
    if (expected) return { expected, digester: digesterFor() }
  }
  return undefined
}
