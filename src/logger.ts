import { pino } from 'pino'
import type { Logger } from './utils/logger.js'

/** A logger that writes JSON lines to standard output from `level` on. */
export const createLogger = (level: string): Logger => pino({ level, base: null })
