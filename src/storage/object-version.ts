import { strongEtag } from './etag.js'

/** The response headers of a store that tell which version of an object it sends, and which part of it. */
export interface VersionHeaders {
  readonly ETag?: string | undefined
  readonly VersionId?: string | undefined
  readonly ContentLength?: number | undefined
  readonly ContentRange?: string | undefined
}

/** One version of an object, as the response with its first byte announces it. */
export interface ObjectVersion {
  readonly etag: string | undefined
  readonly versionId: string | undefined
  /** In bytes; `undefined` if the store sends no length. */
  readonly size: number | undefined
}

interface ContentRange {
  readonly start: number
  /** The size of the whole object. */
  readonly total: number | undefined
}

/** Parses `bytes 5-9/10`. Pure. */
const parseRange = (text: string | undefined): ContentRange | undefined => {
  const [, start, total] = /^\s*bytes\s+(\d+)-\d+\/(\d+|\*)\s*$/i.exec(text ?? '') ?? []
  if (start === undefined) return undefined
  return { start: Number(start), total: total === '*' ? undefined : Number(total) }
}

/** A bucket without versions answers "null". Then the objects that were written one after another share this id. */
const realVersionId = (id: string | undefined): string | undefined => (id === 'null' ? undefined : id)

/** Returns the version that a response begins. Pure. */
export const versionIn = ({
  ETag,
  VersionId,
  ContentLength,
  ContentRange,
}: VersionHeaders): ObjectVersion => ({
  etag: ETag,
  versionId: realVersionId(VersionId),
  size: ContentRange === undefined ? ContentLength : parseRange(ContentRange)?.total,
})

/**
 * Returns whether a download of this version can continue after a broken connection. The next response has to show that it
 * continues the same bytes, so the version needs a size and a name. Pure.
 */
export const isResumable = ({ etag, versionId, size }: ObjectVersion): boolean =>
  size !== undefined && (strongEtag(etag) ?? versionId) !== undefined

/** What a response has for a download of which some bytes have arrived. */
export type Piece =
  /** The bytes that follow, of the same version. */
  | 'continuation'
  /** The object from its first byte. */
  | 'beginning'
  /** Bytes of another version. */
  | 'other-version'
  /** Other bytes than requested. */
  | 'other-range'

/** Compares two names of versions: `undefined` if one of them is unknown. */
const isSame = (one: string | undefined, other: string | undefined): boolean | undefined =>
  one === undefined || other === undefined ? undefined : one === other

/** The part of an object that has arrived. */
export interface Arrived {
  readonly version: ObjectVersion
  /** The number of its first bytes that have arrived, at least 1. */
  readonly bytes: number
}

/** Returns whether a range continues what has arrived: one name of the version is the same, and nothing differs. Pure. */
const isSameVersion = (begun: ObjectVersion, answered: ObjectVersion): boolean => {
  const names = [
    isSame(strongEtag(begun.etag), strongEtag(answered.etag)),
    isSame(begun.versionId, answered.versionId),
  ]
  const sizes = answered.size === undefined || answered.size === begun.size
  return sizes && names.includes(true) && !names.includes(false)
}

/**
 * Returns what a response has. A store may ignore the range or the condition of a request, so neither its status nor the
 * request tells. Pure.
 *
 * @param arrived - `undefined` if nothing has arrived
 */
export const pieceIn = (headers: VersionHeaders, status: number | undefined, arrived?: Arrived): Piece => {
  if (headers.ContentRange === undefined) return status === 206 ? 'other-range' : 'beginning'
  const range = parseRange(headers.ContentRange)
  if (range === undefined) return 'other-range'
  if (!arrived) return range.start === 0 ? 'beginning' : 'other-range'
  if (!isSameVersion(arrived.version, versionIn(headers))) return 'other-version'
  return range.start === arrived.bytes ? 'continuation' : 'other-range'
}
