import { isObject, type JsonObject, type JsonValue } from '../utils/json.js'

/** A value that JSON cannot represent, with its path. */
export class NotJsonError extends Error {
  constructor(path: string, what: string) {
    super(`${path} is ${what}, which JSON cannot represent`)
  }
}

/** The deepest nesting. The orchestrators' parsers accept far less; this limit only prevents a stack overflow. */
const DEEPEST = 500

/**
 * Copies `value` into plain JSON. After that, no getter, `toJSON` or later change can alter the result. Undefined members
 * are left out, as by JSON.stringify. Values that JSON.stringify would silently drop or empty (functions, NaN, a Map, a
 * promise without `await`) are errors.
 *
 * @throws NotJsonError with the path of the value
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
    const replacement: unknown = value.toJSON()
    if (replacement !== value) return copy(replacement, path, parents)
  }
  rejectOpaque(value, path)
  const product: Record<string, JsonValue> = {}
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key]
    if (member !== undefined) put(product, key, copy(member, `${path}.${key}`, parents))
  }
  return product
}

/** Also sets a member named `__proto__`. An object without a prototype could hold it, too, but takes twice the time. */
const put = (product: Record<string, JsonValue>, key: string, value: JsonValue): void => {
  if (key !== '__proto__') product[key] = value
  else Object.defineProperty(product, key, { value, writable: true, enumerable: true, configurable: true })
}

const copyItem = (item: unknown, path: string, parents: object[]): JsonValue =>
  item === undefined ? null : copy(item, path, parents)

/** Classes whose content is not in their members: JSON.stringify would send `{}`. */
const OPAQUE = [Map, Set, WeakMap, WeakSet, Promise, RegExp, Error, ArrayBuffer] as const

const rejectOpaque = (value: object, path: string): void => {
  const kind = OPAQUE.find((type) => value instanceof type)
  if (kind === Promise) throw new NotJsonError(path, 'a Promise (a missing await?)')
  if (kind) throw new NotJsonError(path, `${/^[AE]/.test(kind.name) ? 'an' : 'a'} ${kind.name}`)
  if (ArrayBuffer.isView(value)) throw new NotJsonError(path, `a ${value.constructor.name}`)
}

/** Returns whether a JSON value is an object: only an object can be merged into a job's history. */
export const isJsonObject = (value: JsonValue): value is JsonObject => isObject(value)
