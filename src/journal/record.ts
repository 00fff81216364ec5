import { crc32 } from 'node:zlib'
import { parseWide } from '../utils/exact-json.js'
import { isObject, jsonText } from '../utils/json.js'
import type { JournalEntry } from './entries.js'

/**
 * The format of a line: `<version> <CRC-32 of the JSON, 8 hexadecimal digits> <the entry as JSON>`. JSON contains no line
 * break, so a damaged line spoils at most one neighbor. Pure.
 */
const VERSION = '1'
const HEAD = /^(\S+) ([0-9a-f]{8}) $/
const HEAD_LENGTH = 11

/** Returns the line of an entry, with its line break. */
export const encodeEntry = (entry: JournalEntry): string => {
  const json = jsonText(entry)
  return `${VERSION} ${checksum(json)} ${json}\n`
}

/** A line that is not a valid entry, and the reason. */
export class Unreadable {
  readonly why: string

  constructor(why: string) {
    this.why = why
  }
}

/** Reads a line without its line break. */
export const decodeEntry = (line: Buffer): JournalEntry | Unreadable => {
  const head = HEAD.exec(line.toString('latin1', 0, HEAD_LENGTH))
  if (!head) return new Unreadable('the line does not begin with a version and a checksum')
  const [, version, sum] = head
  if (version !== VERSION) return new Unreadable(`the version is ${version}, not ${VERSION}`)
  const json = line.subarray(HEAD_LENGTH)
  if (checksum(json) !== sum) return new Unreadable('the checksum does not match')
  return entryFrom(json.toString('utf8'))
}

/** The two digits of each byte: `Number.prototype.toString` takes longer than the checksum. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

const checksum = (json: string | Buffer): string => {
  const sum = crc32(json)
  return `${HEX[sum >>> 24]}${HEX[(sum >>> 16) & 255]}${HEX[(sum >>> 8) & 255]}${HEX[sum & 255]}`
}

/** Another program may have written a line with the right checksum, so the members are checked too. */
const entryFrom = (json: string): JournalEntry | Unreadable => {
  try {
    const value = parseWide(json)
    if (isObject(value) && isEntry(value)) return value as unknown as JournalEntry
    return new Unreadable('the JSON is not a known entry')
  } catch {
    return new Unreadable('the text is not JSON')
  }
}

type Shape = Readonly<Record<string, (value: unknown) => boolean>>

const isText = (value: unknown): boolean => typeof value === 'string'
const isMoment = (value: unknown): boolean => value === null || typeof value === 'number'
const isPeriod = (value: unknown): boolean => value === undefined || typeof value === 'number'
const isFlag = (value: unknown): boolean => value === undefined || typeof value === 'boolean'
const fits = (value: Record<string, unknown>, shape: Shape): boolean =>
  Object.entries(shape).every(([key, accepts]) => accepts(value[key]))
const isResult = (value: unknown): boolean =>
  isObject(value) && fits(value, { jobId: isText, taskId: isText, workerId: isText, outcome: isObject })

const SHAPES: Readonly<Record<JournalEntry['fact'], Shape>> = {
  accepted: { from: isText, workerId: isText, jobId: isText, taskId: isText, taskName: isText },
  finished: { from: isText, result: isResult },
  settled: { taskId: isText },
  polled: { from: isText, workerId: isText, openedAtMs: isMoment, holdMs: isPeriod, announced: isFlag },
}

const isEntry = (value: Record<string, unknown>): boolean => {
  const { fact } = value
  return (
    typeof fact === 'string' &&
    Object.hasOwn(SHAPES, fact) &&
    fits(value, SHAPES[fact as JournalEntry['fact']])
  )
}
