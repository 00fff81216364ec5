/** Only an integer of this many digits can be one that a double does not hold. */
const LONG_DIGITS = /\d{16}/
const INTEGER = /^-?\d+$/
const LARGEST = 2n ** 64n - 1n
const SMALLEST = -(2n ** 63n)

/**
 * Reads JSON as JSON.parse does, but keeps every digit of integers up to 64 bits: those that a double cannot hold
 * become bigints. A signature covers the digits that were sent.
 *
 * @throws SyntaxError
 */
export const parseExactly = (text: string): unknown => exactly(text, JSON.parse(text))

/**
 * As {@link parseExactly}, for a text that has been read already.
 *
 * @param value - what JSON.parse has made of it; it also found every mistake, so the reader need not look for any
 */
export const exactly = (text: string, value: unknown): unknown =>
  LONG_DIGITS.test(text) ? new Reader(text).value() : value

/** The next thing that counts in valid JSON: a bracket, a string, or a word or number. Colons and commas do not. */
const TOKEN = /[{}[\]]|"[^"\\]*(?:\\.[^"\\]*)*"|[^\s{}[\],:"]+/gy
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
    // No prototype: a member called __proto__ is then a member like any other.
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

/** Outside of 64 bits the orchestrator, too, makes a double of it. */
const integer = (digits: string): number | bigint => {
  const near = Number(digits)
  if (Number.isSafeInteger(near)) return near
  const exact = BigInt(digits)
  return exact >= SMALLEST && exact <= LARGEST ? exact : near
}
