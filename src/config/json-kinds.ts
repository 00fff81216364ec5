import { isObject, type JsonObject, type JsonValue } from '../utils/json.js'
import { type Kind, REFUSED } from './kind.js'
import { amount } from './number-kinds.js'
import type { OrchestratorEntry } from './orchestrators.js'

const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** JSON.stringify would silently drop a function and turn NaN into null. */
const refuseForeign = (_key: string, value: unknown): unknown => {
  const isForeign = typeof value === 'number' ? !Number.isFinite(value) : /function|symbol/.test(typeof value)
  if (isForeign) throw new TypeError('This value has no form in JSON')
  return value
}

/** A copy, because later changes of the caller's value must not change the settings. */
const jsonCopy = (value: unknown): unknown => {
  try {
    return JSON.parse(JSON.stringify(value, refuseForeign))
  } catch {
    return undefined
  }
}

const json = <Settled, Value = Settled>(
  expected: string,
  fits: (copy: unknown) => boolean,
): Kind<Settled, Value> => ({
  expected,
  unit: 'JSON',
  read: readJson,
  accept: (value) => {
    const copy = jsonCopy(value)
    return fits(copy) ? (copy as Settled) : REFUSED
  },
})

const isCost = (value: unknown): boolean => amount.accept(value) !== REFUSED

export const costs: Kind<Readonly<Record<string, number>>, Record<string, number>> = json(
  'a JSON object of numbers of at least 0, such as {"resize": 0.5}',
  (copy) => isObject(copy) && Object.values(copy).every(isCost),
)

export const jsonObject: Kind<JsonObject, Record<string, JsonValue>> = json(
  'a JSON object, such as {"ffmpeg": "7.1"}',
  isObject,
)

export const jsonList: Kind<readonly JsonValue[]> = json(
  'a JSON list, such as [{"name": "m1"}]',
  Array.isArray,
)

/** `settleOrchestrators` checks the entries, because a problem names the place of its entry. */
export const entryList: Kind<readonly unknown[], readonly OrchestratorEntry[] | string> = {
  expected: 'a JSON list of objects with url, priority, weight and token',
  unit: 'JSON',
  hides: 'all',
  read: readJson,
  accept: (value) => (Array.isArray(value) ? value : REFUSED),
}
