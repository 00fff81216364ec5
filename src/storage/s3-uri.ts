import { InvalidInputError } from '../errors.js'
import type { ObjectAddress } from './object-store.js'

const LONGEST_KEY_BYTES = 1_024

/** Whether a text means to be the URI of an object. */
export const isS3Uri = (text: string): boolean => text.startsWith('s3://')

/** The URI of an object. Nothing in it is encoded, as everywhere with S3. */
export const s3Uri = ({ bucket, key }: ObjectAddress): string => `s3://${bucket}/${key}`

/** A text that others chose, short enough for a message. */
const shown = (uri: string): string => JSON.stringify(uri.length > 300 ? `${uri.slice(0, 300)}…` : uri)

const flawIn = (bucket: string, slash: string, key: string): string | undefined => {
  if (!/^[\w.-]{1,255}$/.test(bucket)) return 'it names no bucket'
  if (slash === '') return 'it names no key; for a whole bucket, end it with a slash'
  if (key.includes('\0')) return 'its key has a NUL character'
  if (Buffer.byteLength(key) > LONGEST_KEY_BYTES) return `its key is longer than ${LONGEST_KEY_BYTES} bytes`
  return undefined
}

/**
 * Takes a URI apart. A key that is empty or ends with a slash is a prefix.
 *
 * @throws InvalidInputError when it is none
 */
export const parseS3Uri = (uri: string): ObjectAddress => {
  const [, bucket = '', slash = '', key = ''] = /^s3:\/\/([^/]*)(\/?)(.*)$/s.exec(uri) ?? []
  const flaw = flawIn(bucket, slash, key)
  if (flaw !== undefined) throw new InvalidInputError(`${shown(uri)} is no s3:// URI: ${flaw}`)
  return { bucket, key }
}
