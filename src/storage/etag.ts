/** The response headers of a store that describe the ETag of an object, under the names of the SDK. */
export interface EtagHeaders {
  readonly ETag?: string | undefined
  readonly ServerSideEncryption?: string | undefined
  readonly SSECustomerAlgorithm?: string | undefined
}

/** Returns an ETag without quotes; `undefined` if the store has none. Pure. @param etag - as a store sends it */
export const plainEtag = (etag: string | undefined): string | undefined =>
  etag?.replaceAll('"', '') || undefined

/** Returns an ETag that stands for the same bytes only. A weak ETag (`W/"…"`) may stand for several encodings. Pure. */
export const strongEtag = (etag: string | undefined): string | undefined =>
  etag?.startsWith('W/') ? undefined : plainEtag(etag)

/**
 * Returns the MD5 in an ETag, if the ETag can be one. Objects that were encrypted with a key of KMS or of the client have
 * another one. Pure.
 */
export const md5InEtag = ({
  ETag,
  ServerSideEncryption,
  SSECustomerAlgorithm,
}: EtagHeaders): Buffer | undefined => {
  if (SSECustomerAlgorithm || (ServerSideEncryption && ServerSideEncryption !== 'AES256')) return undefined
  const hex = /^[\da-f]{32}$/i.exec(strongEtag(ETag) ?? '')?.[0]
  return hex === undefined ? undefined : Buffer.from(hex, 'hex')
}

/** Directory buckets and access points. Their ETags are no MD5s. */
const SPECIAL_BUCKET = /--x-s3$|-s3alias$|--ol-s3$/

/**
 * Knows whether the ETags of a bucket are MD5s. On AWS they are, except in special buckets. Other stores may use any text, also
 * one of 32 hexadecimal digits.
 */
export class EtagKinds {
  readonly #isAws: boolean
  readonly #opaque = new Set<string>()

  constructor(isAws: boolean) {
    this.#isAws = isAws
  }

  /** `md5`: proven by the documentation of the store · `maybe`: unknown · `opaque`: an ETag was found that is no MD5 */
  of(bucket: string): 'md5' | 'maybe' | 'opaque' {
    if (this.#opaque.has(bucket) || SPECIAL_BUCKET.test(bucket)) return 'opaque'
    return this.#isAws ? 'md5' : 'maybe'
  }

  /** Notes that the ETag of an object in a bucket is not its MD5. */
  foundOpaque(bucket: string): void {
    this.#opaque.add(bucket)
  }
}
