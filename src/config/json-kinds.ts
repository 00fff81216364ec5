import { isObject, type JsonObject, type JsonValue } from '../utils/json.js'
import { type Kind, REFUSED } from './kind.js'
import { amount } from './number-kinds.js'

const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Without it a function would vanish and NaN turn into null, both silently. */
const refuseForeign = (_key: string, value: unknown): unknown => {
  const foreign = typeof value === 'number' ? !Number.isFinite(value) : /function|symbol/.test(typeof value)
  if (foreign) throw new TypeError('JSON cannot say this')
  return value
}

/** A copy that shares nothing with the caller's value: settings must not change behind the worker's back. */
const jsonCopy = (value: unknown): unknown => {
  try {
    return JSON.parse(JSON.stringify(value, refuseForeign))
  } catch {
    return undefined
  }
}

const json = <Settled>(expected: string, fits: (copy: unknown) => boolean): Kind<Settled> => ({
  expected,
  read: readJson,
  accept: (value) => {
    const copy = jsonCopy(value)
    return fits(copy) ? (copy as Settled) : REFUSED
  },
})

const isCost = (value: unknown): boolean => amount.accept(value) !== REFUSED

/** Names and what each costs. */
export const costs: Kind<Record<string, number>> = json(
  'a JSON object of numbers of at least 0, such as {"resize": 0.5}',
  (copy) => isObject(copy) && Object.values(copy).every(isCost),
)

/** Anything with names. */
export const jsonObject: Kind<JsonObject> = json('a JSON object, such as {"ffmpeg": "7.1"}', isObject)

/** Anything in a row. */
export const jsonList: Kind<JsonValue[]> = json('a JSON list, such as [{"name": "m1"}]', Array.isArray)

/** The entries are checked one by one elsewhere, each with its place in the list. */
export const entryList: Kind<readonly unknown[]> = {
  expected: 'a JSON list of objects with url, priority, weight and token',
  hides: 'all',
  read: readJson,
  accept: (value) => (Array.isArray(value) ? value : REFUSED),
}
