import {
  AuthError,
  DowngradeError,
  ProtocolError,
  RateLimitError,
  ResponseError,
  UnreachableError,
} from '../errors.js'

/**
 * Returns the kind of an error for the health server, which anybody may ask. It has no text of a peer: that text is in the
 * log.
 */
export const troubleIn = (error: Error): string => {
  if (error instanceof AuthError) return `token refused (${error.status})`
  if (error instanceof RateLimitError) return 'rate limit (429)'
  if (error instanceof ResponseError) return `status ${error.status}`
  if (error instanceof UnreachableError) return `no answer${codeIn(error)}`
  if (error instanceof DowngradeError) return 'first generation, which cannot sign tasks'
  return error instanceof ProtocolError ? 'answer not understood' : 'internal error'
}

/** Error codes of Node and undici, such as ECONNREFUSED. */
const codeIn = ({ cause }: UnreachableError): string => {
  const { code } = (cause ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? ` (${code})` : ''
}
