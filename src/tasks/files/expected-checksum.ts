import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { InvalidInputError } from '../../errors.js'
import { crc32Digester } from '../../storage/checksum.js'

const BYTES = { sha256: 32, sha1: 20, md5: 16, crc32: 4 } as const

type Algorithm = keyof typeof BYTES

/** A checksum that a file should have. */
export interface ExpectedChecksum {
  readonly algorithm: Algorithm
  readonly digest: Buffer
  /** As it was given. */
  readonly text: string
}

const ALGORITHMS = Object.keys(BYTES) as Algorithm[]

const digestIn = (value: string, bytes: number): Buffer | undefined => {
  if (value.length === bytes * 2 && /^[\da-f]+$/i.test(value)) return Buffer.from(value, 'hex')
  const digest = Buffer.from(value, 'base64')
  return digest.length === bytes && digest.toString('base64') === value ? digest : undefined
}

/**
 * Parses a checksum: `sha256:…`, `sha1:…`, `md5:…` or `crc32:…` with hexadecimal digits or base64, or hexadecimal digits
 * alone. Pure.
 *
 * @throws InvalidInputError if the text is no checksum
 */
export const parseChecksum = (text: unknown): ExpectedChecksum => {
  const [, name, value = ''] = /^(?:([a-z\d-]+):)?(.+)$/i.exec(String(text)) ?? []
  const wanted = name?.toLowerCase().replace('-', '')
  for (const algorithm of ALGORITHMS) {
    if (wanted !== undefined && wanted !== algorithm) continue
    const digest =
      wanted === undefined && !/^[\da-f]+$/i.test(value) ? undefined : digestIn(value, BYTES[algorithm])
    if (digest) return { algorithm, digest, text: String(text) }
  }
  throw new InvalidInputError(
    `Invalid checksum ${JSON.stringify(text) ?? String(text)}: use ${ALGORITHMS.join(', ')}, a colon and the value in hexadecimal digits or base64`,
  )
}

/** Returns whether the content of a file has a checksum. */
export const hasChecksum = async (
  path: string,
  { algorithm, digest }: ExpectedChecksum,
  signal: AbortSignal,
): Promise<boolean> => {
  const content = createReadStream(path, { signal, highWaterMark: 262_144 }) as AsyncIterable<Buffer>
  const digester = algorithm === 'crc32' ? crc32Digester() : createHash(algorithm)
  for await (const chunk of content) digester.update(chunk)
  return digester.digest().equals(digest)
}
