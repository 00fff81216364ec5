import { isObject, type JsonObject, type JsonValue, setMember } from '../utils/json.js'

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
 * @param takesBigints - whether a bigint is copied; it is sent as an integer
 * @throws NotJsonError with the path of the value
 */
export const toPlainJson = (value: unknown, path: string, takesBigints = false): JsonValue =>
  copy(value, path, { parents: [], takesBigints })

interface Copying {
  readonly parents: object[]
  readonly takesBigints: boolean
}

const copy = (value: unknown, path: string, copying: Copying): JsonValue => {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (Number.isFinite(value)) return value
      throw new NotJsonError(path, String(value))
    case 'object':
      return value === null ? null : copyObject(value, path, copying)
    case 'bigint':
      // Not a JsonValue for handlers. The worker writes it as an integer.
      if (copying.takesBigints) return value as unknown as JsonValue
      throw new NotJsonError(path, 'a bigint without `bigints: true` in the options of the task')
    default:
      throw new NotJsonError(path, typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`)
  }
}

const copyObject = (value: object, path: string, copying: Copying): JsonValue => {
  const { parents } = copying
  if (parents.includes(value)) throw new NotJsonError(path, 'a cycle')
  if (parents.length >= DEEPEST) throw new NotJsonError(path, `more than ${DEEPEST} levels deep`)
  parents.push(value)
  const product = copyMembers(value, path, copying)
  parents.pop()
  return product
}

const copyMembers = (value: object, path: string, copying: Copying): JsonValue => {
  if (Array.isArray(value)) return value.map((item, index) => copyItem(item, `${path}[${index}]`, copying))
  const isPlain = hasNoClass(value)
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    if (!isPlain) rejectMisleading(value, path)
    const replacement: unknown = value.toJSON()
    if (replacement !== value) return copy(replacement, path, copying)
  }
  const content = isPlain ? value : contentOf(value, path)
  if (typeof content !== 'object') return copy(content, path, copying)
  const product: Record<string, JsonValue> = {}
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key]
    if (member !== undefined) setMember(product, key, copy(member, `${path}.${key}`, copying))
  }
  return product
}

const copyItem = (item: unknown, path: string, copying: Copying): JsonValue =>
  item === undefined ? null : copy(item, path, copying)

/** Whether a value is an object literal or the like, also one of another realm. */
const hasNoClass = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Classes whose content is not in their members: JSON.stringify would send `{}`. */
const OPAQUE = [Map, Set, WeakMap, WeakSet, Promise, RegExp, Error, ArrayBuffer, SharedArrayBuffer] as const

/** Classes that stand for one value, which JSON.stringify sends in their place. */
const BOXES = [String, Number, Boolean] as const

/** @throws NotJsonError for the two classes whose `toJSON` hides what they are */
const rejectMisleading = (value: object & { toJSON?: unknown }, path: string): void => {
  // A Buffer would become a list of numbers, four times as long.
  if (Buffer.isBuffer(value) && value.toJSON === Buffer.prototype.toJSON) rejectBytes(value, path)
  if (value instanceof Date && Number.isNaN(value.getTime())) throw new NotJsonError(path, 'an invalid Date')
}

const rejectBytes = (value: ArrayBufferView, path: string): never => {
  throw new NotJsonError(path, named(value.constructor.name))
}

/** Returns the instance of a class, or the value that it stands for. Throws if its content is not in its members. */
const contentOf = (value: object, path: string): unknown => {
  const kind = OPAQUE.find((type) => value instanceof type)
  if (kind === Promise) throw new NotJsonError(path, 'a Promise (a missing await?)')
  if (kind) throw new NotJsonError(path, named(kind.name))
  if (ArrayBuffer.isView(value)) return rejectBytes(value, path)
  if (BOXES.some((type) => value instanceof type)) return value.valueOf()
  if (Object.keys(value).length > 0) return value
  throw new NotJsonError(path, `${named(classOf(value))} without a member of its own`)
}

const classOf = (value: object): string =>
  typeof value.constructor === 'function' && value.constructor.name !== '' ? value.constructor.name : 'class'

const named = (name: string): string => `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`

/** Returns whether a JSON value is an object: only an object can be merged into a job's history. */
export const isJsonObject = (value: JsonValue): value is JsonObject => isObject(value)
