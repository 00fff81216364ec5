import { httpUrlOf } from '../utils/http-url.js'
import { type Kind, REFUSED } from './kind.js'

const settle = (value: unknown): string | typeof REFUSED => httpUrlOf(value) ?? REFUSED

/** A URL with an optional path, settled without a slash at its end. */
export const httpUrl: Kind<string> = {
  expected: 'an http:// or https:// URL without user name, password, query and fragment',
  hides: 'credentials',
  read: (text) => text,
  accept: settle,
}

/** The URL of an object store, or AWS. */
export const storeUrl: Kind<string> = {
  ...httpUrl,
  expected: `${httpUrl.expected}, or aws`,
  accept: (value) => (value === 'aws' ? value : settle(value)),
}
