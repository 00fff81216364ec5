/** Only integers of at least 16 digits can exceed the precision of a double. */
const LONG_DIGITS = /\d{16}/
const INTEGER = /^-?\d+$/
const LARGEST = 2n ** 64n - 1n
const SMALLEST = -(2n ** 63n)

/**
 * Parses JSON, and keeps every digit of integers of up to 64 bits: an integer that a double cannot hold becomes a bigint. A
 * signature covers the digits that were sent.
 *
 * @throws SyntaxError
 */
export const parseExactly = (text: string): unknown => exactly(text, JSON.parse(text))

/**
 * Does the same as {@link parseExactly} for a text that was parsed before.
 *
 * @param value - the result of `JSON.parse(text)`, which also proves that the text is valid JSON
 */
export const exactly = (text: string, value: unknown): unknown =>
  LONG_DIGITS.test(text) ? new Reader(text).value() : value

/** Matches a bracket, a string, a number or a literal in valid JSON. */
const TOKEN = /[{}[\]]|"[^"\\]*(?:\\.[^"\\]*)*"|[^\s{}[\],:"]+/gy
/** Matches what is between two tokens. */
const BETWEEN = /[\s,:]*/gy

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(token: string = this.#next()): unknown {
    if (token === '{') return this.#object()
    if (token === '[') return this.#array()
    return INTEGER.test(token) ? integer(token) : (JSON.parse(token) as unknown)
  }

  #object(): object {
    // Without a prototype, `__proto__` is a member like any other.
    const members: Record<string, unknown> = Object.create(null)
    for (let token = this.#next(); token !== '}'; token = this.#next()) {
      members[JSON.parse(token) as string] = this.value()
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

/** The orchestrator also reads an integer of more than 64 bits as a double. */
const integer = (digits: string): number | bigint => {
  const double = Number(digits)
  if (Number.isSafeInteger(double)) return double
  const exact = BigInt(digits)
  return exact >= SMALLEST && exact <= LARGEST ? exact : double
}
