import { posix } from 'node:path'
import { InvalidInputError } from '../../errors.js'
import type { ObjectAddress } from '../../storage/object-store.js'
import { parseS3Uri } from '../../storage/s3-uri.js'
import { flawOf } from './safe-path.js'

/** File names may have 255 bytes. The rest is for a number, and for programs that add an extension. */
const LONGEST_BYTES = 200

/** One `s3://` value: its address and its local name in the task directory. */
export interface Input {
  readonly uri: string
  readonly from: ObjectAddress
  readonly isPrefix: boolean
  readonly localName: string
}

/** Cuts a text to a number of bytes, between characters. */
const cut = (text: string, bytes: number): string =>
  Buffer.from(text)
    .subarray(0, Math.max(0, bytes))
    .toString('utf8')
    .replace(/\uFFFD+$/, '')

/** Returns the last part of a key as a file name that is valid on every system, with its extension. Pure. */
const plainName = ({ bucket, key }: ObjectAddress): string => {
  const last = key.split('/').findLast((part) => part !== '') ?? bucket
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are replaced here
  const plain = last.replace(/[\x00-\x1f\x7f\\]/g, '_').replace(/^\.{1,2}$/, '_')
  if (Buffer.byteLength(plain) <= LONGEST_BYTES) return plain
  const extension = cut(posix.extname(plain), 20)
  return cut(plain, LONGEST_BYTES - Buffer.byteLength(extension)) + extension
}

/** Some file systems treat "A" and "a", or the two encodings of "ü", as one name. */
const fold = (name: string): string => name.normalize('NFC').toLowerCase()

/** Returns a name that is not taken: `photo.jpg`, `photo-2.jpg`, … */
export const freeName = (name: string, taken: Set<string>): string => {
  const extension = posix.extname(name)
  const stem = name.slice(0, name.length - extension.length)
  let free = name
  for (let number = 2; taken.has(fold(free)); number++) free = `${stem}-${number}${extension}`
  taken.add(fold(free))
  return free
}

/**
 * Gives each URI a unique local name in the task directory. The first URI with a name keeps it unchanged. Pure.
 *
 * @throws InvalidInputError if a URI is invalid
 */
export const placeInputs = (uris: Iterable<string>): readonly Input[] => {
  const taken = new Set<string>()
  return [...new Set(uris)].map((uri) => {
    const from = parseS3Uri(uri)
    const isPrefix = from.key === '' || from.key.endsWith('/')
    return { uri, from, isPrefix, localName: freeName(plainName(from), taken) }
  })
}

/**
 * Returns the path of an object below the folder of its prefix, as segments. The object of the folder itself has none. Pure.
 *
 * @throws InvalidInputError if the key is no path below the folder
 */
export const segmentsBelow = (uri: string, prefix: string, key: string): readonly string[] => {
  const segments = key.slice(prefix.length).split('/')
  // A key that ends with a slash represents a folder.
  if (segments.at(-1) === '') segments.pop()
  const flaws = segments.map((part) => (part === '' || part === '.' ? 'it has an empty part' : flawOf(part)))
  const flaw = key.startsWith(prefix)
    ? flaws.find((found) => found !== undefined)
    : 'it is not below the prefix'
  if (flaw === undefined) return segments
  throw new InvalidInputError(
    `${uri} cannot be downloaded: its object ${JSON.stringify(key)} cannot be a file: ${flaw}`,
  )
}
