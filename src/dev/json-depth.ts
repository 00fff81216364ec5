import { endOfString } from '../utils/json.js'

/** The deepest nesting that is accepted. Recursive code, such as `JSON.stringify`, fails some thousand levels deeper. */
export const MAX_NESTING = 500

const [QUOTE, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('"[]{}')

/** Whether a JSON text is nested deeper than {@link MAX_NESTING}. Reads the text once, and parses nothing. */
export const isTooDeep = (json: string): boolean => {
  if (json.length < 2 * MAX_NESTING) return false
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) at = endOfString(json, at)
    else if (code === OPEN_LIST || code === OPEN_OBJECT) depth++
    else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--
    if (depth > MAX_NESTING) return true
  }
  return false
}
