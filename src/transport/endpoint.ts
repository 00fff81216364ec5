import type { Redactor } from '../utils/redactor.js'
import type { HttpProxy } from './proxy.js'
import type { TlsFiles } from './tls-files.js'

/** A server, and how to connect to it. */
export interface Endpoint {
  /** `http:` or `https:`. */
  readonly url: string
  /** Certificates and key for `https:`. Default: the certificates that Node trusts. */
  readonly tls?: TlsFiles | undefined
  readonly proxy?: HttpProxy | undefined
  /** Quotes what the server sends. */
  readonly redactor?: Redactor | undefined
}
