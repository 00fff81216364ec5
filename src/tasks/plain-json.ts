import { isObject, type JsonObject, type JsonValue } from '../utils/json.js'

/** A value that JSON cannot say, and where it is. */
export class NotJsonError extends Error {
  constructor(path: string, what: string) {
    super(`${path} is ${what}, which JSON cannot say`)
  }
}

/** As deep as the orchestrators' parsers go is far less; this only keeps the stack whole. */
const DEEPEST = 500

/**
 * A copy of `value` that is nothing but JSON, so that no getter, `toJSON` or later change can spoil the result.
 * Members that are undefined are left out, as JSON.stringify does; whatever else it would drop or blank without
 * a word (functions, NaN, a Map, a forgotten promise) is an error that names its path.
 *
 * @throws NotJsonError
 */
export const toPlainJson = (value: unknown, path: string): JsonValue => copy(value, path, [])

const copy = (value: unknown, path: string, parents: object[]): JsonValue => {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (Number.isFinite(value)) return value
      throw new NotJsonError(path, String(value))
    case 'object':
      return value === null ? null : copyObject(value, path, parents)
    default:
      throw new NotJsonError(path, typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`)
  }
}

const copyObject = (value: object, path: string, parents: object[]): JsonValue => {
  if (parents.includes(value)) throw new NotJsonError(path, 'a cycle')
  if (parents.length >= DEEPEST) throw new NotJsonError(path, `more than ${DEEPEST} levels deep`)
  parents.push(value)
  const product = copyMembers(value, path, parents)
  parents.pop()
  return product
}

const copyMembers = (value: object, path: string, parents: object[]): JsonValue => {
  if (Array.isArray(value)) return value.map((item, index) => copyItem(item, `${path}[${index}]`, parents))
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const said: unknown = value.toJSON()
    if (said !== value) return copy(said, path, parents)
  }
  rejectOpaque(value, path)
  const product: Record<string, JsonValue> = {}
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key]
    if (member !== undefined) put(product, key, copy(member, `${path}.${key}`, parents))
  }
  return product
}

/** A member called `__proto__` is one like any other. An object without a prototype would do, at twice the price. */
const put = (product: Record<string, JsonValue>, key: string, value: JsonValue): void => {
  if (key !== '__proto__') product[key] = value
  else Object.defineProperty(product, key, { value, writable: true, enumerable: true, configurable: true })
}

const copyItem = (item: unknown, path: string, parents: object[]): JsonValue =>
  item === undefined ? null : copy(item, path, parents)

/** Their content is not in their members: JSON.stringify would send `{}`. */
const HOLLOW = [Map, Set, WeakMap, WeakSet, Promise, RegExp, Error, ArrayBuffer] as const

const rejectOpaque = (value: object, path: string): void => {
  const kind = HOLLOW.find((type) => value instanceof type)
  if (kind) throw new NotJsonError(path, `a ${kind.name}${kind === Promise ? ' (a missing await?)' : ''}`)
  if (ArrayBuffer.isView(value)) throw new NotJsonError(path, `a ${value.constructor.name}`)
}

/** Whether a copy is an object, the only thing that can be merged into a job's history. */
export const isJsonObject = (value: JsonValue): value is JsonObject => isObject(value)
