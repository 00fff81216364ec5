import { type InspectOptions, inspect } from 'node:util'
import type { Kind } from './kind.js'

/** Printed instead of a token or key. */
const HIDDEN = '***'

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
  const shown = () => ({ ...target, ...Object.fromEntries(held.map((name) => [name, HIDDEN])) })
  return Object.defineProperties(target, {
    toJSON: { value: shown },
    [inspect.custom]: { value: (_depth: number, options: InspectOptions) => inspect(shown(), options) },
  })
}
