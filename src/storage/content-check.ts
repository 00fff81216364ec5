import { type AnnouncedChecksum, announcedChecksum, type ChecksumHeaders, md5Digester } from './checksum.js'
import { type EtagHeaders, type EtagKinds, md5InEtag } from './etag.js'

/** The response headers of a store that describe the content of an object, under the names of the SDK. */
export interface ContentHeaders extends ChecksumHeaders, EtagHeaders {
  readonly ContentEncoding?: string | undefined
  readonly ContentLength?: number | undefined
}

/** The first bytes of packed content, by encoding. */
const MAGIC: Readonly<Record<string, string>> = { gzip: '1f8b', 'x-gzip': '1f8b', zstd: '28b52ffd' }
const LONGEST_MAGIC = 4
/** These values mean that the content is not packed. */
const NOT_PACKED = new Set(['', 'identity', 'aws-chunked'])

/** Returns the last encoding that an object was packed with; `undefined` if there is none. Pure. */
const encodingOf = (encoding = ''): string | undefined =>
  encoding
    .toLowerCase()
    .split(',')
    .map((each) => each.trim())
    .filter((each) => !NOT_PACKED.has(each))
    .at(-1)

/** How an object is packed, and whether the response has a length. A store that unpacks on the way does not know the length. */
interface Packing {
  readonly encoding: string
  readonly hasLength: boolean
}

/** Compares received content with the checksum that a store has announced. */
export class ContentCheck {
  readonly #announced: AnnouncedChecksum | undefined
  readonly #isCertain: boolean
  readonly #packing: Packing | undefined
  #head = ''

  constructor(announced: AnnouncedChecksum | undefined, isCertain: boolean, packing?: Packing) {
    this.#announced = announced
    this.#isCertain = isCertain
    this.#packing = packing
  }

  /** Whether there is a checksum at all. */
  get isPresent(): boolean {
    return this.#announced !== undefined
  }

  /** Whether the checksum is an ETag that may be no MD5. */
  get isGuess(): boolean {
    return !this.#isCertain && this.#packing === undefined
  }

  /**
   * Whether a mismatch is certain to be damage. If not, the checksum may belong to other bytes: an ETag may be no MD5, and a
   * store may have unpacked the content on its way.
   */
  get isPromise(): boolean {
    return this.#isCertain && (this.#packing === undefined || this.#isPacked === true)
  }

  update(bytes: Uint8Array): void {
    if (this.#packing && this.#head.length < 2 * LONGEST_MAGIC)
      this.#head += Buffer.from(bytes.subarray(0, LONGEST_MAGIC)).toString('hex')
    this.#announced?.digester.update(bytes)
  }

  /** Ends the check. Returns the checksum of the received bytes in hex if it is not the announced one. */
  mismatch(): string | undefined {
    if (!this.#announced) return undefined
    const { digester, expected } = this.#announced
    const found = digester.digest()
    const wasUnpacked = this.#packing?.hasLength === false && this.#isPacked === false
    return wasUnpacked || found.equals(expected) ? undefined : found.toString('hex')
  }

  /** Whether the received bytes are packed; `undefined` if their beginning does not tell. */
  get #isPacked(): boolean | undefined {
    const magic = MAGIC[this.#packing?.encoding ?? '']
    return magic === undefined ? undefined : this.#head.startsWith(magic)
  }
}

/** Creates the check of an object from the headers of the response with its first byte. */
export const contentCheckFor = (
  headers: ContentHeaders,
  etags: ReturnType<EtagKinds['of']>,
): ContentCheck => {
  const encoding = encodingOf(headers.ContentEncoding)
  const packing =
    encoding === undefined ? undefined : { encoding, hasLength: headers.ContentLength !== undefined }
  const checksum = announcedChecksum(headers)
  if (checksum) return new ContentCheck(checksum, true, packing)
  const md5 = etags === 'opaque' ? undefined : md5InEtag(headers)
  const announced = md5 && { expected: md5, digester: md5Digester() }
  return new ContentCheck(announced, etags === 'md5', packing)
}
