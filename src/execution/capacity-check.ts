import { loggable } from '../tasks/describe-thrown.js'
import { isPending } from '../utils/is-pending.js'
import type { Logger } from '../utils/logger.js'
import { OnceAMinute } from '../utils/once-a-minute.js'
import { ResettableTimer } from '../utils/resettable-timer.js'
import type { StartContext } from '../utils/start-context.js'
import type { Wake } from '../utils/wake.js'

/** Your code: whether the worker can take a task of this name now. */
export type CapacityChecker = (taskName: string) => boolean

/** The parts of a worker that the check uses. */
export interface CapacityParts {
  readonly checker: CapacityChecker
  readonly names: () => readonly string[]
  readonly context: StartContext
  readonly log: Logger
  /** Triggered while there is no capacity: nobody tells the worker of a change. */
  readonly wake: Wake
}

/** How often to ask again while there is no capacity, in ms. */
const AGAIN_MS = 1_000

/** Asks the application whether it can take tasks. */
export class CapacityCheck {
  readonly #parts: CapacityParts
  readonly #failed = new OnceAMinute()
  readonly #again = new ResettableTimer()
  #isClosed = false

  constructor(parts: CapacityParts) {
    this.#parts = parts
  }

  /** Whether a task of this name can be taken. A checker that throws has no capacity, and the log says so. */
  readonly has = (taskName: string): boolean => {
    const { checker, context, log } = this.#parts
    try {
      const has: unknown = context.run(() => checker(taskName))
      if (typeof has === 'boolean') return has
      throw new TypeError(
        `capacityChecker has to return true or false, not ${isPending(has) ? 'a promise' : `a ${typeof has}`}`,
      )
    } catch (error) {
      const line = this.#failed.take()
      if (line)
        log.error(
          { err: loggable(error), taskName, ...line },
          'capacityChecker failed: the worker takes no task of this name',
        )
      return false
    }
  }

  /** Whether a task of any name can be taken. */
  get hasAny(): boolean {
    if (this.#parts.names().some(this.has)) return true
    if (!this.#isClosed && !this.#again.isSet) this.#again.set(AGAIN_MS, () => this.#parts.wake.trigger())
    return false
  }

  close(): void {
    this.#isClosed = true
    this.#again.cancel()
  }
}
