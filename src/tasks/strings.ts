import { isObject, setMember } from '../utils/json.js'

/** The deepest nesting. Orchestrators send far less; this limit only prevents a stack overflow. Deeper values are skipped. */
const DEEPEST = 500

/** Yields every string in a JSON value with its path: `file`, `nested.list[0]`. */
export function* stringsIn(value: unknown, path = '', depth = 0): Generator<readonly [string, string]> {
  if (typeof value === 'string') yield [path, value]
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return
  for (const [key, member] of Object.entries(value)) {
    const place = Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
    yield* stringsIn(member, place, depth + 1)
  }
}

/** Returns a copy of a JSON value in which some strings are replaced. */
export const replaceStrings = (value: unknown, by: ReadonlyMap<string, string>, depth = 0): unknown => {
  if (typeof value === 'string') return by.get(value) ?? value
  if (depth > DEEPEST) return value
  if (Array.isArray(value)) return value.map((item) => replaceStrings(item, by, depth + 1))
  if (!isObject(value)) return value
  const product: Record<string, unknown> = Object.create(Object.getPrototypeOf(value))
  for (const [key, member] of Object.entries(value)) {
    setMember(product, key, replaceStrings(member, by, depth + 1))
  }
  return product
}

/**
 * Returns a string of a JSON value that passes a test; `undefined` if none does. Looks at no more than `most` members, so
 * that a search in each task costs little.
 */
export const firstString = (
  value: unknown,
  test: (text: string) => boolean,
  most: number,
): string | undefined => {
  const members: unknown[] = [value]
  for (let index = 0; index < members.length; index++) {
    const each = members[index]
    if (typeof each === 'string' && test(each)) return each
    if (typeof each !== 'object' || each === null) continue
    for (const key in each) {
      if (members.length === most) break
      members.push((each as Record<string, unknown>)[key])
    }
  }
  return undefined
}
