import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** What a store says about an object: headers of its answer, by the names of the SDK. */
export interface Claimed {
  readonly ChecksumCRC32?: string | undefined
  readonly ChecksumSHA1?: string | undefined
  readonly ChecksumSHA256?: string | undefined
  readonly ETag?: string | undefined
  readonly ServerSideEncryption?: string | undefined
  readonly SSECustomerAlgorithm?: string | undefined
}

/** Counts bytes into a checksum as they come. */
export interface Checksum {
  update(bytes: Uint8Array): void
  /** Whether the bytes are those that the store has promised. */
  matches(): boolean
}

/** As stores write it. Pure. */
export const encodeCrc32 = (value: number): string => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes.toString('base64')
}

const crc = (expected: string): Checksum => {
  let value = 0
  return {
    update: (bytes) => {
      value = crc32(bytes, value)
    },
    matches: () => encodeCrc32(value) === expected,
  }
}

const hash = (algorithm: string, encoding: 'base64' | 'hex', expected: string): Checksum => {
  const counted = createHash(algorithm)
  return {
    update: (bytes) => {
      counted.update(bytes)
    },
    matches: () => counted.digest(encoding) === expected,
  }
}

const NONE: Checksum = { update: () => {}, matches: () => true }

/** With a dash it is a checksum over the parts' checksums, whose sizes nobody tells. */
const ofWhole = (value: string | undefined): value is string => value !== undefined && !value.includes('-')

/** An ETag is the MD5 of the content unless the object came in parts or is encrypted with a key of its own. */
const md5In = ({ ETag, ServerSideEncryption, SSECustomerAlgorithm }: Claimed): string | undefined => {
  if (SSECustomerAlgorithm || (ServerSideEncryption && ServerSideEncryption !== 'AES256')) return undefined
  return /^"?([0-9a-f]{32})"?$/.exec(ETag ?? '')?.[1]
}

/** The cheapest checksum of the whole object that the store tells; one that is always right where it tells none. */
export const checksumFor = (claimed: Claimed): Checksum => {
  const { ChecksumCRC32, ChecksumSHA1, ChecksumSHA256 } = claimed
  if (ofWhole(ChecksumCRC32)) return crc(ChecksumCRC32)
  if (ofWhole(ChecksumSHA1)) return hash('sha1', 'base64', ChecksumSHA1)
  if (ofWhole(ChecksumSHA256)) return hash('sha256', 'base64', ChecksumSHA256)
  const md5 = md5In(claimed)
  return md5 === undefined ? NONE : hash('md5', 'hex', md5)
}
