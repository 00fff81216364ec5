import { isObject } from './json.js'

/** The record of a log line, as pino writes it. */
interface LogRecord {
  readonly level?: unknown
  readonly time?: unknown
  readonly msg?: unknown
  readonly err?: unknown
  readonly [field: string]: unknown
}

const LEVELS: Readonly<Record<string, readonly [name: string, color: number]>> = {
  10: ['TRACE', 90],
  20: ['DEBUG', 90],
  30: ['INFO', 32],
  40: ['WARN', 33],
  50: ['ERROR', 31],
  60: ['FATAL', 31],
}

/**
 * Returns a log line for people: the time, the level, the message and the fields, and below them the stack and the help of an error.
 *
 * @param line - the JSON of one record
 * @param hasColors - whether the terminal shows colors
 */
export const prettyLine = (line: string, hasColors: boolean): string => {
  const record = parsed(line)
  if (!record) return line
  const { level, time, msg, err, ...fields } = record
  const [name, color] = LEVELS[String(level)] ?? ['LOG', 0]
  const paint = (code: number, text: string) => (hasColors ? `\u001b[${code}m${text}\u001b[0m` : text)
  const shown = Object.entries(fields).map(([key, value]) => `${key}=${fieldText(value)}`)
  const head = [paint(90, clockTime(time)), paint(color, name.padEnd(5)), plain(String(msg ?? ''))]
  const tail = shown.length > 0 ? ` ${paint(90, shown.join(' '))}` : ''
  return `${head.join(' ')}${tail}\n${errorText(err)}`
}

const parsed = (line: string): LogRecord | undefined => {
  try {
    const record: unknown = JSON.parse(line)
    return isObject(record) ? record : undefined
  } catch {
    return undefined
  }
}

const twoDigits = (count: number): string => String(count).padStart(2, '0')

/** By the clock on the wall, because the reader looks on while it happens. */
const clockTime = (time: unknown): string => {
  const date = new Date(typeof time === 'number' ? time : Number.NaN)
  if (Number.isNaN(date.getTime())) return '--:--:--.---'
  const seconds = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':')
  return `${seconds}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

const fieldText = (value: unknown): string =>
  plain(typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value))

const errorText = (err: unknown, indent = '    '): string => {
  if (err === undefined || err === null) return ''
  const { stack, message, errors, help } = isObject(err) ? err : {}
  const text =
    typeof stack === 'string' ? stack : String(message ?? (isObject(err) ? JSON.stringify(err) : err))
  const lines = text.split('\n').map((line) => `${indent}${plain(line)}\n`)
  const inner = Array.isArray(errors) ? errors.map((each) => errorText(each, `${indent}  `)) : []
  const more = typeof help === 'string' ? [`${indent}Help: ${plain(help)}\n`] : []
  return [...lines, ...more, ...inner].join('')
}

/** A terminal would obey control characters, and texts come from the network. */
const plain = (text: string): string => text.replace(/\p{Cc}/gu, ' ')
