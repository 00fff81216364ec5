import type { Logger } from 'avtomatika-worker'
import type { ContextTools } from '../../src/tasks/offer-context.js'

/** What a context is lent where nobody looks at what becomes of it. */
export const idleTools = (log: Logger): ContextTools => ({
  log,
  report: () => {},
  emit: () => {},
  eventValidation: true,
  isRunning: () => true,
  addToHotCache: () => {},
  removeFromHotCache: () => {},
})
