import { InvalidInputError } from '../errors.js'
import type { ObjectAddress } from './object-store.js'

const LONGEST_KEY_BYTES = 1_024

/** Returns whether a text is meant as the URI of an object. */
export const isS3Uri = (text: string): boolean => text.startsWith('s3://')

/** Builds the URI of an object. Nothing is encoded, as usual for S3 URIs. */
export const s3Uri = ({ bucket, key }: ObjectAddress): string => `s3://${bucket}/${key}`

/** Shortens a text from the params for a message. */
const shown = (uri: string): string => JSON.stringify(uri.length > 300 ? `${uri.slice(0, 300)}…` : uri)

const flawIn = (bucket: string, slash: string, key: string): string | undefined => {
  if (!/^[\w.-]{1,255}$/.test(bucket)) return 'it has no valid bucket name'
  if (slash === '') return 'it has no key; a whole bucket ends with a slash'
  if (key.includes('\0')) return 'its key contains a NUL character'
  if (Buffer.byteLength(key) > LONGEST_KEY_BYTES) return `its key is longer than ${LONGEST_KEY_BYTES} bytes`
  return undefined
}

/**
 * Parses the URI of an object. A key that is empty or ends with a slash is a prefix.
 *
 * @throws InvalidInputError if the URI is invalid
 */
export const parseS3Uri = (uri: string): ObjectAddress => {
  const [, bucket = '', slash = '', key = ''] = /^s3:\/\/([^/]*)(\/?)(.*)$/s.exec(uri) ?? []
  const flaw = flawIn(bucket, slash, key)
  if (flaw !== undefined) throw new InvalidInputError(`Invalid s3:// URI ${shown(uri)}: ${flaw}`)
  return { bucket, key }
}
