import { pino } from 'pino'
import type { Logger } from './utils/logger.js'

/** Returns a logger that writes JSON lines of `level` and above to standard output. */
export const createLogger = (level: string): Logger => pino({ level, base: null })
