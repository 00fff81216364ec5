import { crc32 } from 'node:zlib'
import { parseWide } from '../utils/exact-json.js'
import { isObject, jsonText } from '../utils/json.js'
import type { JournalEntry } from './entries.js'

/**
 * The format of a line: `<version> <CRC-32 of the JSON, 8 hexadecimal digits> <JSON>`. JSON contains no line break, so a
 * damaged line spoils at most one neighbor. The JSON is an array of items, one for each entry of a group. An item is an array
 * that begins with the name of its fact. An item `from` names the orchestrator and the worker id of the items after it.
 * One text for a group takes half the time of a text for each entry. Pure.
 */
const VERSION = '2'
/** Version 1 had one entry a line, as an object. It is only read. */
const OLD_VERSION = '1'
const HEAD = /^(\S+) ([0-9a-f]{8}) $/
const HEAD_LENGTH = 11

/** Returns the line of a group of entries, with its line break. */
export const encodeEntries = (entries: readonly JournalEntry[]): string => {
  const json = jsonText(itemsOf(entries))
  return `${VERSION} ${checksum(json)} ${json}\n`
}

const itemsOf = (entries: readonly JournalEntry[]): readonly unknown[] => {
  const items: unknown[] = []
  let from: string | undefined
  let workerId: string | undefined
  for (const entry of entries) {
    if (entry.fact === 'settled') {
      items.push(['settled', entry.taskId])
      continue
    }
    const its = entry.fact === 'finished' ? entry.result.workerId : entry.workerId
    if (entry.from !== from || its !== workerId) {
      from = entry.from
      workerId = its
      items.push(['from', from, workerId])
    }
    items.push(itemOf(entry))
  }
  return items
}

const itemOf = (entry: Exclude<JournalEntry, { readonly fact: 'settled' }>): readonly unknown[] => {
  switch (entry.fact) {
    case 'accepted':
      return ['accepted', entry.jobId, entry.taskId, entry.taskName]
    case 'finished':
      return ['finished', entry.result]
    case 'polled': {
      const { openedAtMs, holdMs, announced } = entry
      return ['polled', openedAtMs, { holdMs, announced }]
    }
  }
}

/** A line that is not valid, and the reason. */
export class Unreadable {
  readonly why: string

  constructor(why: string) {
    this.why = why
  }
}

/** Reads a line without its line break. */
export const decodeEntries = (line: Buffer): readonly JournalEntry[] | Unreadable => {
  const head = HEAD.exec(line.toString('latin1', 0, HEAD_LENGTH))
  if (!head) return new Unreadable('the line does not begin with a version and a checksum')
  const [, version, sum] = head
  if (version !== VERSION && version !== OLD_VERSION)
    return new Unreadable(`the version is ${version}, not ${VERSION}`)
  const json = line.subarray(HEAD_LENGTH)
  if (checksum(json) !== sum) return new Unreadable('the checksum does not match')
  return entriesFrom(json.toString('utf8'), version === OLD_VERSION)
}

/** The two digits of each byte: `Number.prototype.toString` takes longer than the checksum. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

const checksum = (json: string | Buffer): string => {
  const sum = crc32(json)
  return `${HEX[sum >>> 24]}${HEX[(sum >>> 16) & 255]}${HEX[(sum >>> 8) & 255]}${HEX[sum & 255]}`
}

/** Another program may have written a line with the right checksum, so the members are checked too. */
const entriesFrom = (json: string, isOld: boolean): readonly JournalEntry[] | Unreadable => {
  let value: unknown
  try {
    value = parseWide(json)
  } catch {
    return new Unreadable('the text is not JSON')
  }
  const entries = isOld ? [value] : entriesOf(value)
  return entries?.every(isEntry) ? entries : new Unreadable('the JSON has no known entries')
}

/** Returns the entries that items stand for, unchecked; `undefined` if the value has no items. */
const entriesOf = (value: unknown): readonly unknown[] | undefined => {
  if (!Array.isArray(value)) return undefined
  const entries: unknown[] = []
  let common: object = {}
  for (const item of value as readonly unknown[]) {
    if (!Array.isArray(item)) return undefined
    const [fact, first, second, third] = item as readonly unknown[]
    if (fact === 'from') common = { from: first, workerId: second }
    else entries.push(entryOf(fact, common, first, second, third))
  }
  return entries
}

const entryOf = (fact: unknown, common: object, first: unknown, second: unknown, third: unknown): unknown => {
  switch (fact) {
    case 'accepted':
      return { fact, ...common, jobId: first, taskId: second, taskName: third }
    case 'finished':
      return { fact, from: (common as { readonly from?: unknown }).from, result: first }
    case 'settled':
      return { fact, taskId: first }
    case 'polled':
      return { fact, ...common, openedAtMs: first, ...(isObject(second) && second) }
    default:
      return undefined
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

const isEntry = (value: unknown): value is JournalEntry => {
  if (!isObject(value)) return false
  const { fact } = value
  return (
    typeof fact === 'string' &&
    Object.hasOwn(SHAPES, fact) &&
    fits(value, SHAPES[fact as JournalEntry['fact']])
  )
}
