import { type Kind, REFUSED } from './kind.js'

const isPlain = ({ username, password, search, hash }: URL): boolean =>
  username === '' && password === '' && search === '' && hash === ''

const settle = (value: unknown): string | typeof REFUSED => {
  // The parser alone would accept too much: it drops line breaks and adds missing slashes.
  if (typeof value !== 'string' || !/^https?:\/\/[^\s/?#\\]\S*$/i.test(value) || !URL.canParse(value))
    return REFUSED
  const url = new URL(value)
  return isPlain(url) ? `${url.origin}${url.pathname}`.replace(/\/+$/, '') : REFUSED
}

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
