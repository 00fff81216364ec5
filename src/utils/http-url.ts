const isPlain = ({ username, password, search, hash }: URL): boolean =>
  username === '' && password === '' && search === '' && hash === ''

/**
 * Returns an `http:` or `https:` URL with an optional path, without a slash at its end. Pure.
 *
 * @returns undefined for another value, and for a URL with user name, password, query or fragment
 */
export const httpUrlOf = (value: unknown): string | undefined => {
  // The parser alone would accept too much: it drops line breaks and adds missing slashes.
  if (typeof value !== 'string' || !/^https?:\/\/[^\s/?#\\]\S*$/i.test(value) || !URL.canParse(value))
    return undefined
  const url = new URL(value)
  return isPlain(url) ? `${url.origin}${url.pathname}`.replace(/\/+$/, '') : undefined
}
