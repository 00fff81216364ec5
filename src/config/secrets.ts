import { type InspectOptions, inspect } from 'node:util'
import { isObject } from '../utils/json.js'
import { HIDDEN } from '../utils/redactor.js'
import type { Kind } from './kind.js'

const LONGEST_SHOWN = 100

/** The user name, password and query of a URL may be secrets. A broken URL may have them anywhere before the last `@`. */
const hideCredentials = (text: string): string =>
  text.replace(/^([a-z]+:\/\/)?.*@/is, `$1${HIDDEN}@`).replace(/[?#].*$/s, `?${HIDDEN}`)

/** Returns the value without its secrets, for printing. */
export const redact = (value: unknown, hides: Kind<unknown>['hides']): unknown => {
  if (hides === 'all' && value !== undefined) return HIDDEN
  return hides === 'credentials' && typeof value === 'string' ? hideCredentials(value) : value
}

/** Returns a value as one short line, because a broken variable must not break or flood the log. */
export const asShownText = (value: unknown): string => {
  if (value === undefined) return '(not set)'
  if (value === '') return '(empty)'
  const text = typeof value === 'string' ? value : inspect(value, { depth: 3, breakLength: Infinity })
  const line = text.replace(/\p{Cc}+/gu, ' ')
  return line.length > LONGEST_SHOWN ? `${line.slice(0, LONGEST_SHOWN)}…` : line
}

/** Makes logs, JSON and the inspector show `***` for these members; code can still read them. Changes and returns `target`. */
export const hideMembers = <Target extends object>(
  target: Target,
  names: readonly (keyof Target)[],
): Target => {
  const held = names.filter((name) => target[name] !== undefined)
  return showAs(target, () => ({ ...target, ...Object.fromEntries(held.map((name) => [name, HIDDEN])) }))
}

/** Makes logs, JSON and the inspector show another value. Changes and returns `target`. */
const showAs = <Target extends object>(target: Target, shown: () => unknown): Target =>
  Object.defineProperties(target, {
    toJSON: { value: shown },
    [inspect.custom]: { value: (_depth: number, options: InspectOptions) => inspect(shown(), options) },
  })

/** Returns an unchecked entry of a list of orchestrators without its secrets. */
export const shownEntry = (entry: unknown): unknown => {
  // A text in the place of an entry may be a token.
  if (!isObject(entry)) return HIDDEN
  const { url, token, secretKey, ...others } = entry
  return {
    url: redact(url, 'credentials'),
    ...others,
    ...(token === undefined ? {} : { token: HIDDEN }),
    ...(secretKey === undefined ? {} : { secretKey: HIDDEN }),
  }
}

/** Returns a copy of an unchecked list of orchestrators. Logs, JSON and the inspector show `***` for its secrets. */
export const hideEntries = <Entry>(entries: readonly Entry[]): readonly Entry[] => {
  const hidden = entries.map((entry) =>
    isObject(entry) ? showAs({ ...entry }, () => shownEntry(entry)) : entry,
  )
  return showAs(hidden, () => entries.map(shownEntry))
}
