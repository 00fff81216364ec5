import { type DestinationStream, pino } from 'pino'
import type { LogFormat } from './settings.js'
import { errorRecord } from './utils/error-record.js'
import type { Logger } from './utils/logger.js'
import { prettyLine } from './utils/pretty-line.js'

/** Where readable lines go. */
interface Output {
  readonly isTTY?: boolean
  write(text: string): unknown
  hasColors?(): boolean
}

/** Returns a logger that writes lines of `level` and above to standard output. */
export const createLogger = (level: string, format: LogFormat, out: Output = process.stdout): Logger => {
  const options = { level, base: null, serializers: { err: errorRecord } }
  const isPretty = format === 'pretty' || (format === 'auto' && out.isTTY === true)
  if (isPretty) return pino(options, readable(out))
  // Without a destination pino writes to the file descriptor, which is faster.
  return out === process.stdout ? pino(options) : pino(options, { write: (line) => void out.write(line) })
}

const readable = (out: Output): DestinationStream => {
  const hasColors = out.isTTY === true && out.hasColors?.() === true
  return { write: (line) => void out.write(prettyLine(line, hasColors)) }
}
