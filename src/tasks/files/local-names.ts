import { posix } from 'node:path'
import { InvalidInputError } from '../../errors.js'
import type { ObjectAddress } from '../../storage/object-store.js'
import { parseS3Uri } from '../../storage/s3-uri.js'
import { flawOf } from './safe-path.js'

/** Room for a number and for longer extensions in the 255 bytes of a file name. */
const LONGEST_BYTES = 200

/** One `s3://` value: where it leads, and what it is called in the task's directory. */
export interface Input {
  readonly uri: string
  readonly from: ObjectAddress
  readonly isPrefix: boolean
  readonly localName: string
}

/** A text cut to so many bytes, between characters. */
const cut = (text: string, bytes: number): string =>
  Buffer.from(text)
    .subarray(0, Math.max(0, bytes))
    .toString('utf8')
    .replace(/\uFFFD+$/, '')

/** The last part of a key as a file name that every system takes; the extension stays. Pure. */
const plainName = ({ bucket, key }: ObjectAddress): string => {
  const last = key.split('/').findLast((part) => part !== '') ?? bucket
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is taken out
  const plain = last.replace(/[\x00-\x1f\x7f\\]/g, '_').replace(/^\.{1,2}$/, '_')
  if (Buffer.byteLength(plain) <= LONGEST_BYTES) return plain
  const extension = cut(posix.extname(plain), 20)
  return cut(plain, LONGEST_BYTES - Buffer.byteLength(extension)) + extension
}

/** Some file systems take "A" and "a", or two spellings of "ü", for one name. */
const fold = (name: string): string => name.normalize('NFC').toLowerCase()

/** A name that is not taken: `photo.jpg`, `photo-2.jpg`, … */
const freeName = (name: string, taken: Set<string>): string => {
  const extension = posix.extname(name)
  const stem = name.slice(0, name.length - extension.length)
  let free = name
  for (let number = 2; taken.has(fold(free)); number++) free = `${stem}-${number}${extension}`
  taken.add(fold(free))
  return free
}

/**
 * Gives each URI a name of its own in the task's directory; the first one of a name keeps it. Pure.
 *
 * @throws InvalidInputError when one is no URI of an object
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
 * The path of an object below its prefix's folder, as segments; none for the marker of the folder itself. Pure.
 *
 * @throws InvalidInputError when the key's path would not be one below the folder
 */
export const segmentsBelow = (uri: string, prefix: string, key: string): readonly string[] => {
  const segments = key.slice(prefix.length).split('/')
  // A key that ends with a slash stands for a folder.
  if (segments.at(-1) === '') segments.pop()
  const flaws = segments.map((part) => (part === '' || part === '.' ? 'it has an empty part' : flawOf(part)))
  const flaw = key.startsWith(prefix)
    ? flaws.find((found) => found !== undefined)
    : 'it is not below the prefix'
  if (flaw === undefined) return segments
  throw new InvalidInputError(`${uri} has an object that cannot be a file, ${JSON.stringify(key)}: ${flaw}`)
}
