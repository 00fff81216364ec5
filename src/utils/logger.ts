/** Writes one line: fields first, then what happened. An error goes under the key `err`. */
export type LogMethod = (fields: object, message: string) => void

/** What the worker and its handlers log to. A pino logger is one; so is anything with these five methods. */
export interface Logger {
  debug: LogMethod
  info: LogMethod
  warn: LogMethod
  error: LogMethod
  /** A logger that adds `fields` to each of its lines. */
  child(fields: Record<string, unknown>): Logger
}
