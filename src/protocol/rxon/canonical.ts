/** A value that the second generation cannot sign, hence not say. */
export class NotCanonicalError extends TypeError {}

/** The orchestrators' limit; one level more and they answer 500. */
const DEEPEST = 30
const LARGEST_INTEGER = 2n ** 64n - 1n
const SMALLEST_INTEGER = -(2n ** 63n)

/**
 * The one text that a JSON value is signed as: keys by code point, no spaces, no null members, whole numbers without
 * a fraction. It is JSON itself, so what is signed can also be what is sent.
 *
 * Takes what JSON.parse gives, and bigints for integers that a double cannot hold (see exact-json.ts).
 *
 * @throws NotCanonicalError for what the orchestrator's own signing refuses
 */
export const canonical = (value: unknown): string => inEither((manner) => write(value, 0, manner))

/** {@link canonical} of an object that has only some of its members. */
export const canonicalOf = (value: object, keys: readonly string[]): string =>
  inEither((manner) => writeMembers(value, [...keys], 0, manner))

/** What surrogates make a difference for. */
interface Writer {
  quote(text: string): string
  inOrder(keys: string[]): string[]
}

/** Also half ones, which JSON writes like this. */
const SURROGATES = /[\ud800-\udfff]|\\ud/

/** Few texts have any, and to look once at the end costs less than to look at each key and string. */
const inEither = (written: (manner: Writer) => string): string => {
  const text = written(QUICK)
  return SURROGATES.test(text) ? written(THOROUGH) : text
}

const write = (value: unknown, depth: number, manner: Writer): string => {
  if (depth > DEEPEST) throw new NotCanonicalError(`it is more than ${DEEPEST} levels deep`)
  switch (typeof value) {
    case 'string':
      return manner.quote(value)
    case 'number':
      return writeNumber(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'bigint':
      return writeInteger(value)
    default:
      return value ? writeObject(value, depth, manner) : 'null'
  }
}

const writeObject = (value: object, depth: number, manner: Writer): string =>
  Array.isArray(value)
    ? `[${value.map((item) => write(item, depth + 1, manner)).join(',')}]`
    : writeMembers(value, Object.keys(value), depth, manner)

const writeMembers = (value: object, keys: string[], depth: number, manner: Writer): string => {
  let text = ''
  for (const key of manner.inOrder(keys)) {
    const member = (value as Record<string, unknown>)[key]
    if (member === null || member === undefined) continue
    text += `${text === '' ? '' : ','}${manner.quote(key)}:${write(member, depth + 1, manner)}`
  }
  return `{${text}}`
}

const QUICK: Writer = { quote: (text) => JSON.stringify(text), inOrder: (keys) => keys.sort() }

/** In a pattern that knows code points, only a surrogate without its other half is one. */
const LONE_SURROGATE = /\p{Surrogate}/u

/** UTF-16, in which strings are compared here, has another order where surrogates are. */
const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

const THOROUGH: Writer = {
  quote: (text) => {
    if (LONE_SURROGATE.test(text)) throw new NotCanonicalError('it has half a character (a lone surrogate)')
    return JSON.stringify(text)
  },
  inOrder: (keys) => keys.sort(byCodePoint),
}

const writeNumber = (value: number): string => {
  if (Number.isSafeInteger(value)) return value === 0 ? '0' : `${value}`
  if (!Number.isFinite(value)) throw new NotCanonicalError(`it has the number ${value}`)
  if (Number.isInteger(value)) return writeInteger(BigInt(value))
  const size = Math.abs(value)
  // The only range where the two languages write a double differently.
  return size >= 1e-6 && size < 1e-5 ? value.toExponential() : `${value}`
}

const writeInteger = (value: bigint): string => {
  if (value >= SMALLEST_INTEGER && value <= LARGEST_INTEGER) return `${value}`
  throw new NotCanonicalError(`it has the number ${value}, which does not fit into 64 bits`)
}
