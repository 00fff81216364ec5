/** Writes one log line: first its fields, then the message. An error belongs under the key `err`. */
export type LogMethod = (fields: object, message: string) => void

/** The logger of the worker and its handlers: a pino logger, or any object with these five methods. */
export interface Logger {
  /** Writes details for developers. */
  debug: LogMethod
  /** Writes normal events. */
  info: LogMethod
  /** Writes problems that the worker handles itself. */
  warn: LogMethod
  /** Writes failures. */
  error: LogMethod
  /** Returns a logger that adds `fields` to each of its lines. */
  child(fields: Record<string, unknown>): Logger
}

/** Most loggers can be asked whether they write lines of a level. */
export interface LeveledLogger extends Logger {
  isLevelEnabled?(level: string): boolean
}

/** Returns whether debug lines may be written. Asked on the hot path, where their fields would cost more than the rest. */
export const writesDebug = (log: LeveledLogger): boolean => log.isLevelEnabled?.('debug') ?? true
