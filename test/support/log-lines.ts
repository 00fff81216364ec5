import type { Logger } from 'avtomatika-worker'
import { Inbox } from './inbox.js'

export interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A logger, and what was logged with it. */
export const linesOf = (): { logger: Logger; lines: Inbox<Line> } => {
  const lines = new Inbox<Line>()
  const make = (bound: object): Logger => {
    const at = (level: Line['level']) => (fields: object, message: string) =>
      lines.put({ level, message, fields: { ...bound, ...fields } })
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (fields) => make({ ...bound, ...fields }),
    }
  }
  return { logger: make({}), lines }
}
