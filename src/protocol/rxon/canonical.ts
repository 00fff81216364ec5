/** A value cannot be sent, because it cannot be signed. */
export class NotCanonicalError extends TypeError {}

/** Orchestrators return 500 for a message with more levels. */
const MAX_DEPTH = 30
const LARGEST_INTEGER = 2n ** 64n - 1n
const SMALLEST_INTEGER = -(2n ** 63n)

/**
 * Returns the canonical text of a JSON value, which is what signatures cover: keys sorted by code point, no spaces, no null
 * members, whole numbers without a fraction. The text is JSON, so the signed text itself can be sent.
 *
 * Takes the values of JSON.parse, and bigints for integers that a double cannot hold (see utils/exact-json.ts).
 *
 * @throws NotCanonicalError if the orchestrator cannot sign the value either
 */
export const canonical = (value: unknown): string => withWriter((writer) => write(value, 0, writer))

/** Returns the canonical text of an object with only some of its members. */
export const canonicalOf = (value: object, keys: readonly string[]): string =>
  withWriter((writer) => writeMembers(value, [...keys], 0, writer))

/** The parts of writing that depend on whether there are surrogates. */
interface Writer {
  quote(text: string): string
  sort(keys: string[]): string[]
}

/** Matches a surrogate, or a lone one that JSON.stringify escaped. */
const SURROGATE = /[\ud800-\udfff]|\\ud/

/**
 * Writes with {@link FAST}, and again with {@link EXACT} if the text has surrogates. Few texts have any, and one test of the
 * whole text costs less than a test of each key and string.
 */
const withWriter = (textBy: (writer: Writer) => string): string => {
  const text = textBy(FAST)
  return SURROGATE.test(text) ? textBy(EXACT) : text
}

const write = (value: unknown, depth: number, writer: Writer): string => {
  if (depth > MAX_DEPTH) throw new NotCanonicalError(`it is more than ${MAX_DEPTH} levels deep`)
  switch (typeof value) {
    case 'string':
      return writer.quote(value)
    case 'number':
      return writeNumber(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'bigint':
      return writeInteger(value)
    default:
      return value ? writeObject(value, depth, writer) : 'null'
  }
}

const writeObject = (value: object, depth: number, writer: Writer): string =>
  Array.isArray(value)
    ? `[${value.map((item) => write(item, depth + 1, writer)).join(',')}]`
    : writeMembers(value, Object.keys(value), depth, writer)

const writeMembers = (value: object, keys: string[], depth: number, writer: Writer): string => {
  let text = ''
  for (const key of writer.sort(keys)) {
    const member = (value as Record<string, unknown>)[key]
    if (member === null || member === undefined) continue
    text += `${text === '' ? '' : ','}${writer.quote(key)}:${write(member, depth + 1, writer)}`
  }
  return `{${text}}`
}

/** Correct for all texts without surrogates. */
const FAST: Writer = { quote: (text) => JSON.stringify(text), sort: (keys) => keys.sort() }

/** With the flag `u`, a pair of surrogates is one character, so this only matches a lone surrogate. */
const LONE_SURROGATE = /\p{Surrogate}/u

/** JavaScript sorts by UTF-16, which differs from code points if there are surrogates. */
const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** Correct for all texts. */
const EXACT: Writer = {
  quote: (text) => {
    if (LONE_SURROGATE.test(text)) throw new NotCanonicalError('it has half a character (a lone surrogate)')
    return JSON.stringify(text)
  },
  sort: (keys) => keys.sort(byCodePoint),
}

const writeNumber = (value: number): string => {
  if (Number.isSafeInteger(value)) return value === 0 ? '0' : `${value}`
  if (!Number.isFinite(value)) throw new NotCanonicalError(`it has the number ${value}`)
  if (Number.isInteger(value)) return writeInteger(BigInt(value))
  const size = Math.abs(value)
  // The only range in which Python and JavaScript write a double differently.
  return size >= 1e-6 && size < 1e-5 ? value.toExponential() : `${value}`
}

const writeInteger = (value: bigint): string => {
  if (value >= SMALLEST_INTEGER && value <= LARGEST_INTEGER) return `${value}`
  throw new NotCanonicalError(`it has the number ${Number(value)}, which does not fit into 64 bits`)
}
