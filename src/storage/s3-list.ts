import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import { TransientError } from '../errors.js'
import { decodeKey } from './listed-key.js'
import type { ListedObject, ObjectAddress } from './object-store.js'
import type { S3 } from './patient-client.js'
import { isRefusedRequest, taskErrorOf } from './s3-errors.js'
import { s3Uri } from './s3-uri.js'

/** A store may send some pages without objects, for example for deleted objects. More of them in a row count as a loop. */
const MOST_EMPTY_PAGES = 100

/** Where the next page begins. */
interface Cursor {
  readonly ContinuationToken?: string
  readonly StartAfter?: string
}

type Page = ListObjectsV2CommandOutput

/** Returns whether a response is a listing at all. The SDK takes any XML for one, and then the folder would look empty. */
const isListing = ({ IsTruncated, Contents, KeyCount, Name, NextContinuationToken }: Page): boolean =>
  [IsTruncated, Contents, KeyCount, Name, NextContinuationToken].some((each) => each !== undefined)

/** The listing of one prefix. */
class Listing {
  readonly #s3: S3
  readonly #from: ObjectAddress
  readonly #signal: AbortSignal
  /** Whether encoded keys are requested. XML has no control characters, and the SDK changes some other characters. */
  #encodes = true
  /** Some stores repeat objects, and some list them in another order. */
  readonly #seen = new Set<string>()
  #last: string | undefined
  /** The last continuation token, and the last key that a page was requested after. */
  #token: string | undefined
  #tokensWork = true
  #resumedAfter: string | undefined

  constructor(s3: S3, from: ObjectAddress, signal: AbortSignal) {
    this.#s3 = s3
    this.#from = from
    this.#signal = signal
  }

  async *objects(): AsyncGenerator<ListedObject, void, undefined> {
    let emptyPages = 0
    for (let cursor: Cursor | undefined = {}; cursor; ) {
      const page = await this.#page(cursor)
      const fresh = this.#freshIn(page)
      yield* fresh
      emptyPages = fresh.length > 0 ? 0 : emptyPages + 1
      if (emptyPages > MOST_EMPTY_PAGES) throw this.#flaw(`${emptyPages} pages in a row have no new object`)
      cursor = this.#next(page, fresh.length > 0)
    }
  }

  async #page(cursor: Cursor): Promise<Page> {
    let page: Page
    try {
      page = await this.#send(cursor)
    } catch (error) {
      this.#signal.throwIfAborted()
      throw taskErrorOf(error, { what: this.#what, addressIsFrom: 'input' })
    }
    if (!isListing(page)) throw this.#flaw('the response is no listing')
    return page
  }

  /** Some stores refuse parameters that they do not know. */
  async #send(cursor: Cursor): Promise<Page> {
    const { sdk, client } = this.#s3
    const { bucket: Bucket, key: Prefix } = this.#from
    const request = { Bucket, Prefix, ...cursor, ...(this.#encodes && { EncodingType: 'url' as const }) }
    try {
      return await client.send(new sdk.ListObjectsV2Command(request), { abortSignal: this.#signal })
    } catch (error) {
      if (!this.#encodes || !isRefusedRequest(error)) throw error
      this.#encodes = false
      return this.#send(cursor)
    }
  }

  /** Returns the objects that no earlier page had. A store that ignores the prefix lists other objects, too. */
  #freshIn({ Contents = [], EncodingType }: Page): ListedObject[] {
    const fresh: ListedObject[] = []
    for (const { Key, Size = 0 } of Contents) {
      if (Key === undefined) throw this.#flaw('an object has no key')
      const key = EncodingType === 'url' ? decodeKey(Key) : Key
      if (!key.startsWith(this.#from.key) || this.#seen.has(key)) continue
      this.#seen.add(key)
      this.#last = key
      fresh.push({ key, size: Size })
    }
    return fresh
  }

  /**
   * Returns where the next page begins; `undefined` at the end. Without a new token, the next page begins after the last
   * key. If this brings nothing, either, the listing cannot go on.
   */
  #next({ IsTruncated, NextContinuationToken: token }: Page, isProgress: boolean): Cursor | undefined {
    if (!(IsTruncated ?? token !== undefined)) return undefined
    if (token === this.#token && !isProgress) this.#tokensWork = false
    if (token && this.#tokensWork) {
      this.#token = token
      return { ContinuationToken: token }
    }
    const last = this.#last
    if (last !== undefined && last !== this.#resumedAfter) {
      this.#resumedAfter = last
      return { StartAfter: last }
    }
    const sent = token ? 'the same continuation token again' : 'no continuation token'
    throw this.#flaw(`the list is truncated, but the store sends ${sent}`)
  }

  get #what(): string {
    return `${s3Uri(this.#from)} cannot be listed`
  }

  #flaw(what: string): TransientError {
    return new TransientError(`${this.#what}: ${what}`)
  }
}

/**
 * Lists each object below a prefix once. A listing never ends early and never goes on forever, whatever the store sends.
 *
 * @throws TaskError with the code that the task fails with
 */
export const listObjects = (
  s3: S3,
  from: ObjectAddress,
  signal: AbortSignal,
): AsyncGenerator<ListedObject, void, undefined> => new Listing(s3, from, signal).objects()
