import { endOfString } from '../utils/json.js'

/** What one pass over a JSON text shows before it is parsed. The text may be incomplete or no JSON at all. */
export interface Scan {
  /** The texts among the members of the outermost object, by their names: those that were asked for. */
  readonly texts: ReadonlyMap<string, string>
  /** Why the text is not parsed: it would cost far more memory and time than its length. `undefined` if it is fine. */
  readonly excess: string | undefined
}

/** Deeper values overflow the stack of whoever walks through them. */
const MAX_DEPTH = 500
/** Most values of an array or object. An array or object counts as five: that is what it costs in memory. */
const MAX_COST = 1_000_000
const COST_OF_A_CONTAINER = 5
/** Most different names of members. Each new name costs a hundred times its length. */
const MAX_NAMES = 20_000
/** Ids are in every log line, and in the names of directories. A longer text is no id. In characters. */
export const MAX_ID = 1_024

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPENING_BRACKET = 0x5b
const CLOSING_BRACKET = 0x5d
const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d

/**
 * Goes through a JSON text once, in time proportional to its length, and without copying it.
 *
 * @param wanted - names of members of the outermost object
 */
export const scanJson = (text: string, wanted: readonly string[]): Scan => {
  const members = new Members(text, wanted)
  let depth = 0
  let deepest = 0
  let cost = 0
  // Once the answer is known, the rest of a text that is too large is not looked at.
  for (let at = 0; at < text.length && !(cost > MAX_COST && members.areFound); at++) {
    switch (text.charCodeAt(at)) {
      case OPENING_BRACKET:
      case OPENING_BRACE:
        cost += COST_OF_A_CONTAINER
        if (++depth > deepest) deepest = depth
        break
      case CLOSING_BRACKET:
      case CLOSING_BRACE:
        depth--
        break
      case COMMA:
        cost++
        break
      case QUOTE:
        at = members.read(at, depth === 1)
    }
  }
  return { texts: members.texts, excess: excessOf(deepest, cost, members.names.count) }
}

/** Collects what is wanted of the members of a text. */
class Members {
  readonly texts = new Map<string, string>()
  readonly names = new NameCount()
  readonly #text: string
  readonly #wanted: readonly string[]

  constructor(text: string, wanted: readonly string[]) {
    this.#text = text
    this.#wanted = wanted
  }

  /** Whether nothing is wanted any more. */
  get areFound(): boolean {
    return this.texts.size === this.#wanted.length
  }

  /**
   * Reads the string at this place, which may be the name of a member.
   *
   * @returns the place of its last character
   */
  read(start: number, isOutermost: boolean): number {
    const text = this.#text
    const end = endOfString(text, start)
    const colon = skipBlanks(text, end + 1)
    if (text.charCodeAt(colon) !== COLON) return end
    this.names.add(text, start + 1, end)
    if (isOutermost) this.#collect(start, end, colon)
    return colon
  }

  #collect(start: number, end: number, colon: number): void {
    const text = this.#text
    const isName = (each: string) => each.length === end - start - 1 && text.startsWith(each, start + 1)
    const name = this.#wanted.find(isName)
    const first = skipBlanks(text, colon + 1)
    if (name === undefined || text.charCodeAt(first) !== QUOTE) return
    const last = endOfString(text, first)
    if (last >= text.length || last - first > MAX_ID) return
    const value = unquoted(text.slice(first, last + 1))
    if (value !== undefined) this.texts.set(name, value)
  }
}

const excessOf = (deepest: number, cost: number, names: number): string | undefined => {
  if (deepest > MAX_DEPTH) return `more than ${MAX_DEPTH} levels`
  if (cost > MAX_COST) return 'too many values'
  return names > MAX_NAMES ? `more than ${MAX_NAMES} different names of members` : undefined
}

const skipBlanks = (text: string, start: number): number => {
  let at = start
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++
  return at
}

const unquoted = (quoted: string): string | undefined => {
  try {
    return JSON.parse(quoted) as string
  } catch {
    return undefined
  }
}

/** A prime number, the number of bits, and a start that nobody can foresee: names cannot be chosen to share a bit. */
const FACTOR = 16_777_619
const BITS = 2 ** 18
const START = Math.trunc(Math.random() * 2 ** 32)

/** Counts the different names of members, by a bit for the hash of each. It may count a few too little. */
class NameCount {
  count = 0
  #seen: Uint32Array | undefined

  add(text: string, start: number, end: number): void {
    let hash = START
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), FACTOR)
    const bit = (hash ^ (hash >>> 15)) & (BITS - 1)
    this.#seen ??= new Uint32Array(BITS / 32)
    const word = this.#seen[bit >>> 5] ?? 0
    const mask = 1 << (bit & 31)
    if ((word & mask) !== 0) return
    this.#seen[bit >>> 5] = word | mask
    this.count++
  }
}
