import { createHmac } from 'node:crypto'
import type { JsonObject, JsonValue } from '../../utils/json.js'

/** The deepest nesting that the real orchestrator signs. */
const MAX_DEPTH = 30
const MAX_INTEGER = 2n ** 64n - 1n
const MIN_INTEGER = -(2n ** 63n)

/** Matches the strings, keys included, and the numbers of a JSON text. */
const SCALAR = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

type Tree = string | boolean | null | readonly Tree[] | { readonly [key: string]: Tree }

/**
 * Parses JSON without losing a digit. Each string, keys included, gets the prefix `s`. Each number becomes a string with the
 * prefix `n` and its digits as they were sent.
 */
const treeOf = (json: string): Tree =>
  JSON.parse(json.replace(SCALAR, (token) => (token.startsWith('"') ? `"s${token.slice(1)}` : `"n${token}"`)))

/** More digits than a 64-bit integer has. Reading a number takes time that grows with the square of its length. */
const MANY_DIGITS = 400

const integerText = (integer: bigint): string => {
  if (integer > MAX_INTEGER || integer < MIN_INTEGER) throw new RangeError('Integer exceeds 64-bit range')
  return integer.toString()
}

const numberText = (literal: string): string => {
  if (literal.length > MANY_DIGITS) throw new RangeError('Number has too many digits')
  if (/^-?\d+$/.test(literal)) return integerText(BigInt(literal))
  const double = Number(literal)
  if (Number.isInteger(double)) return integerText(BigInt(double))
  const size = Math.abs(double)
  // The only range in which Python prints a double differently.
  return size >= 1e-6 && size < 1e-5 ? double.toExponential() : String(double)
}

const scalarText = (scalar: string): string =>
  scalar.startsWith('n') ? numberText(scalar.slice(1)) : JSON.stringify(scalar.slice(1))

const SURROGATE = /[\ud800-\udfff]/

/** Sorts by code points, which is the order of the bytes in UTF-8. Only surrogates make the order of the code units another. */
const byKey = ([a]: [string, Tree], [b]: [string, Tree]): number => {
  if (SURROGATE.test(a) || SURROGATE.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : 1
}

const canonical = (tree: Tree, depth = 0): string => {
  if (depth > MAX_DEPTH) throw new RangeError(`Maximum recursion depth (${MAX_DEPTH}) exceeded in to_dict`)
  if (typeof tree === 'string') return scalarText(tree)
  if (typeof tree !== 'object' || tree === null) return String(tree)
  if (Array.isArray(tree)) return `[${tree.map((item) => canonical(item, depth + 1)).join()}]`
  const members = Object.entries(tree).filter(([, value]) => value !== null)
  const texts = members.sort(byKey).map(([key, value]) => `${scalarText(key)}:${canonical(value, depth + 1)}`)
  return `{${texts.join()}}`
}

/**
 * Returns the signature of a JSON object without `security` and the members in `without`.
 *
 * @param json - the text as it was sent
 * @throws RangeError if the object is nested too deep, or has an integer of more than 64 bits
 */
export const signatureOf = (json: string, key: string, without: readonly string[] = []): string => {
  const omitted = new Set(['security', '_signature', ...without].map((name) => `s${name}`))
  const members = Object.entries(treeOf(json) as object).filter(([name]) => !omitted.has(name))
  return createHmac('sha256', key)
    .update(canonical(Object.fromEntries(members)))
    .digest('hex')
}

/** Returns a JSON object without members that are null, at any depth, as the real orchestrator sends it. */
export const withoutNulls = (message: object): JsonObject =>
  Object.fromEntries(
    Object.entries(message)
      .filter(([, member]) => member !== null && member !== undefined)
      .map(([name, member]) => [name, dense(member)]),
  )

const dense = (value: JsonValue): JsonValue => {
  if (typeof value !== 'object' || value === null) return value
  return isList(value) ? value.map(dense) : withoutNulls(value)
}

const isList = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value)
