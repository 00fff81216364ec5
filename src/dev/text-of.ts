import { jsonText } from '../utils/json.js'

/** Returns a JSON value as text for a message. `String(value)` throws for JSON such as `{"toString":1}`. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : jsonText(value))
