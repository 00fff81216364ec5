import { randomUUID } from 'node:crypto'

/** A value that JSON can represent. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject
/** An object that JSON can represent. */
export interface JsonObject {
  /** A member, by its name. */
  readonly [key: string]: JsonValue
}

/** Returns whether a value is an object, but neither null nor an array. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Sets a member, also one named `__proto__`. An object without a prototype could hold it, too, but takes twice the time. */
export const setMember = (object: Record<string, unknown>, key: string, value: unknown): void => {
  if (key !== '__proto__') object[key] = value
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * Returns the place of the quote that ends a string in a JSON text. Beyond the text if there is none.
 *
 * @param start - the place of the quote that begins the string
 */
export const endOfString = (json: string, start: number): number => {
  let at = start + 1
  for (; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) at++
  }
  return at
}

/**
 * Does the same as `JSON.stringify`, and writes a bigint as an integer with all of its digits.
 *
 * @param indent - the spaces of each level. Default: no line breaks
 */
export const jsonText = (value: unknown, indent?: number): string => {
  try {
    return JSON.stringify(value, undefined, indent)
  } catch (error) {
    // JSON.stringify refuses a bigint. Few values have one, so the hot path does not look for it.
    if (!(error instanceof TypeError)) throw error
    return textWithBigints(value, indent)
  }
}

/** Nobody can guess the mark, so no string of the value looks like a marked number. */
const textWithBigints = (value: unknown, indent?: number): string => {
  const mark = randomUUID()
  const text = JSON.stringify(
    value,
    (_, member: unknown) => (typeof member === 'bigint' ? `${mark}${member}` : member),
    indent,
  )
  return text.replace(new RegExp(`"${mark}(-?\\d+)"`, 'g'), '$1')
}
