import { jsonText } from '../../utils/json.js'

/** What a value of JSON takes in memory on top of its text, in bytes: a slot, or an empty object or list. */
const BYTES_PER_VALUE = 32

const [COMMA, COLON, OPEN_LIST, OPEN_OBJECT] = Buffer.from(',:[{')

const isSeparator = (code: number): boolean =>
  code === COMMA || code === COLON || code === OPEN_LIST || code === OPEN_OBJECT

/**
 * Returns about how many bytes a JSON value takes in memory, rather too many than too few. The length of its text alone
 * tells little: `[{},{},{}]` takes twenty times as much.
 */
export const weightOf = (value: object): number => {
  const json = jsonText(value)
  let values = 0
  for (let at = 0; at < json.length; at++) if (isSeparator(json.charCodeAt(at))) values++
  return 2 * json.length + BYTES_PER_VALUE * values
}
