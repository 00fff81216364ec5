import { isObject } from './json.js'
import { HIDDEN, type Redactor } from './redactor.js'

/**
 * Returns a copy of a JSON value without secrets.
 *
 * @param isSecret - whether a member of this name is hidden as a whole. Default: none
 */
export const redactedJson = <Value>(
  value: Value,
  redactor: Pick<Redactor, 'redact'>,
  isSecret: (name: string) => boolean = () => false,
): Value => {
  const clean = (each: unknown): unknown => {
    if (typeof each === 'string') return redactor.redact(each)
    if (Array.isArray(each)) return each.map(clean)
    if (!isObject(each)) return each
    const members = Object.entries(each).map(([name, member]) => [
      name,
      member !== null && isSecret(name) ? HIDDEN : clean(member),
    ])
    return Object.fromEntries(members)
  }
  return clean(value) as Value
}
