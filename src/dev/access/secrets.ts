import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** Returns a random token of 32 hexadecimal digits: a double click selects all of it. */
export const newToken = (): string => randomBytes(16).toString('hex')

/** Returns a key of fixed length for a text of any length, such as a nonce. */
export const digestOf = (text: string): string => hash('sha256', text, 'base64url')

/** Compares two secrets. The time that this takes tells nothing about them, not even their lengths. */
export const isSameSecret = (given: string, secret: string): boolean =>
  timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', secret, 'buffer'))
