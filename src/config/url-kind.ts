import { type Kind, REFUSED } from './kind.js'

const isPlain = ({ username, password, search, hash }: URL): boolean =>
  username === '' && password === '' && search === '' && hash === ''

const settle = (value: unknown): string | typeof REFUSED => {
  // The parser is generous: it drops inner line breaks and adds missing slashes.
  if (typeof value !== 'string' || !/^https?:\/\/[^\s/?#\\]\S*$/i.test(value) || !URL.canParse(value))
    return REFUSED
  const url = new URL(value)
  return isPlain(url) ? `${url.origin}${url.pathname}`.replace(/\/+$/, '') : REFUSED
}

/** Where an object store is: a web address, or AWS. */
export const storeUrl: Kind<string> = {
  expected: 'an http:// or https:// URL without user name, password, query and fragment, or aws',
  hides: 'credentials',
  read: (text) => text,
  accept: (value) => (value === 'aws' ? value : settle(value)),
}

/** A web address with an optional path; settled without the slash at its end. */
export const httpUrl: Kind<string> = {
  expected: 'an http:// or https:// URL without user name, password, query and fragment',
  hides: 'credentials',
  read: (text) => text,
  accept: settle,
}
