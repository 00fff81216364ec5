import { setMember } from './json.js'

/** Only integers of at least 16 digits can exceed the precision of a double. */
const LONG_DIGITS = /\d{16}/
/** A number outside strings that a double may not hold: many digits, or an exponent of three digits. */
const LONG_NUMBER = /(?:^|[:[,\s])-?\d(?:\d{15}|[\d.]*[eE]\+?\d{3})/
const INTEGER = /^-?\d+$/
const LARGEST = 2n ** 64n - 1n
const SMALLEST = -(2n ** 63n)
/** Far more than a message or a result may have, and far less than the stack can hold. */
const MAX_DEPTH = 1_000

/** The value is nested too deeply to be read exactly. */
export class TooDeepError extends RangeError {}

/**
 * Parses JSON, and keeps every digit of integers of up to 64 bits: an integer that a double cannot hold becomes a bigint. A
 * signature covers the digits that were sent.
 *
 * @throws SyntaxError, or TooDeepError
 */
export const parseExactly = (text: string): unknown => exactly(text, JSON.parse(text))

/**
 * Does the same as {@link parseExactly} for a text that was parsed before.
 *
 * @param value - the result of `JSON.parse(text)`, which also proves that the text is valid JSON
 */
export const exactly = (text: string, value: unknown): unknown =>
  LONG_DIGITS.test(text) ? new Reader(text, within64Bits).value() : value

/** Returns whether {@link parseWide} may return other numbers than `JSON.parse`. A false alarm only costs time. */
export const hasLongNumber = (text: string): boolean => LONG_NUMBER.test(text)

/**
 * Parses JSON, and keeps every digit of integers: an integer that a double cannot hold becomes a bigint. One of more than
 * 1,000 digits does not: it becomes what `JSON.parse` returns.
 *
 * @throws SyntaxError, or TooDeepError
 */
export const parseWide = (text: string): unknown => {
  const value: unknown = JSON.parse(text)
  return hasLongNumber(text) ? new Reader(text, ofAnyLength).value() : value
}

/** Matches a bracket, a string, a number or a literal in valid JSON. */
const TOKEN = /[{}[\]]|"[^"\\]*(?:\\.[^"\\]*)*"|[^\s{}[\],:"]+/gy
/** Matches what is between two tokens. */
const BETWEEN = /[\s,:]*/gy

/** Returns the value of a number that no double holds. */
type ReadNumber = (token: string, double: number) => number | bigint

class Reader {
  readonly #text: string
  readonly #readNumber: ReadNumber
  #at = 0
  #depth = 0

  constructor(text: string, readNumber: ReadNumber) {
    this.#text = text
    this.#readNumber = readNumber
  }

  value(token: string = this.#next()): unknown {
    if (token === '{' || token === '[') return this.#nested(token)
    const value: unknown = JSON.parse(token)
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
    return Number.isFinite(value) && !INTEGER.test(token) ? value : this.#readNumber(token, value)
  }

  #nested(token: string): object {
    if (++this.#depth > MAX_DEPTH) throw new TooDeepError(`it is more than ${MAX_DEPTH} levels deep`)
    const value = token === '{' ? this.#object() : this.#array()
    this.#depth--
    return value
  }

  #object(): object {
    const members: Record<string, unknown> = {}
    for (let token = this.#next(); token !== '}'; token = this.#next()) {
      setMember(members, JSON.parse(token) as string, this.value())
    }
    return members
  }

  #array(): unknown[] {
    const items: unknown[] = []
    for (let token = this.#next(); token !== ']'; token = this.#next()) items.push(this.value(token))
    return items
  }

  #next(): string {
    BETWEEN.lastIndex = this.#at
    BETWEEN.test(this.#text)
    TOKEN.lastIndex = BETWEEN.lastIndex
    const token = TOKEN.exec(this.#text)?.[0] ?? ''
    this.#at = TOKEN.lastIndex
    return token
  }
}

/** The orchestrator also reads an integer of more than 64 bits as a double. The longest of 64 bits has 20 digits. */
const within64Bits: ReadNumber = (token, double) => {
  if (token.length > 21 || !INTEGER.test(token)) return double
  const exact = BigInt(token)
  return exact >= SMALLEST && exact <= LARGEST ? exact : double
}

/** Turning digits into a bigint takes a time that grows faster than their number. */
const MOST_DIGITS = 1_000
const NUMBER = /^(-?\d+)(?:\.(\d+))?(?:[eE]\+?(\d+))?$/

const ofAnyLength: ReadNumber = (token, double) => {
  if (token.length > MOST_DIGITS) return double
  const [, whole = '', fraction = '', exponent = '0'] = NUMBER.exec(token) ?? []
  const zeros = Number(exponent) - fraction.length
  if (whole === '' || zeros < 0 || zeros + token.length > MOST_DIGITS) return double
  return BigInt(whole + fraction + '0'.repeat(zeros))
}
