import { crc32 } from 'node:zlib'
import { isObject } from '../utils/json.js'
import type { Fact } from './facts.js'

/**
 * A line: the version of the format, the CRC-32 of what follows, a fact as JSON. JSON has no line breaks of its own, so
 * that a damaged line never takes more than its neighbour with it. Pure.
 */
const VERSION = '1'
const HEAD = /^(\S+) ([0-9a-f]{8}) $/
const HEAD_LENGTH = 11

export const encodeFact = (fact: Fact): string => {
  const json = JSON.stringify(fact)
  return `${VERSION} ${checksum(json)} ${json}\n`
}

/** What a line cannot be read as, in words. */
export class Unreadable {
  readonly why: string

  constructor(why: string) {
    this.why = why
  }
}

/** Reads a line without its line break. */
export const decodeFact = (line: Buffer): Fact | Unreadable => {
  const head = HEAD.exec(line.toString('latin1', 0, HEAD_LENGTH))
  if (!head) return new Unreadable('it does not begin like a line of a journal')
  const [, version, sum] = head
  if (version !== VERSION) return new Unreadable(`its version is ${version}, not ${VERSION}`)
  const json = line.subarray(HEAD_LENGTH)
  if (checksum(json) !== sum) return new Unreadable('its checksum does not match')
  return factFrom(json.toString('utf8'))
}

/** The two digits of each byte: a number's own `toString` takes longer than its checksum. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

const checksum = (json: string | Buffer): string => {
  const sum = crc32(json)
  return `${HEX[sum >>> 24]}${HEX[(sum >>> 16) & 255]}${HEX[(sum >>> 8) & 255]}${HEX[sum & 255]}`
}

/** A line that was not written by this code may have the right checksum and still not make sense. */
const factFrom = (json: string): Fact | Unreadable => {
  try {
    const value: unknown = JSON.parse(json)
    if (isObject(value) && isFact(value)) return value as unknown as Fact
    return new Unreadable('it is no fact that is known here')
  } catch {
    return new Unreadable('it is not JSON')
  }
}

type Shape = Readonly<Record<string, (value: unknown) => boolean>>

const isText = (value: unknown): boolean => typeof value === 'string'
const isMoment = (value: unknown): boolean => value === null || typeof value === 'number'
const isPeriod = (value: unknown): boolean => value === undefined || typeof value === 'number'
const fits = (value: Record<string, unknown>, shape: Shape): boolean =>
  Object.entries(shape).every(([key, accepts]) => accepts(value[key]))
const isResult = (value: unknown): boolean =>
  isObject(value) && fits(value, { jobId: isText, taskId: isText, workerId: isText, outcome: isObject })

const SHAPES: Readonly<Record<Fact['fact'], Shape>> = {
  accepted: { from: isText, workerId: isText, jobId: isText, taskId: isText, taskName: isText },
  finished: { from: isText, result: isResult },
  settled: { taskId: isText },
  polled: { from: isText, workerId: isText, openedAtMs: isMoment, holdMs: isPeriod },
}

const isFact = (value: Record<string, unknown>): boolean => {
  const { fact } = value
  return typeof fact === 'string' && Object.hasOwn(SHAPES, fact) && fits(value, SHAPES[fact as Fact['fact']])
}
