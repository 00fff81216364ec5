import type { TaskRegistry } from '../tasks/definition.js'
import { loggable } from '../tasks/describe-thrown.js'
import { isPending } from '../utils/is-pending.js'
import type { Logger } from '../utils/logger.js'
import { OnceAMinute } from '../utils/once-a-minute.js'
import { ResettableTimer } from '../utils/resettable-timer.js'
import type { Wake } from '../utils/wake.js'

/** A function of the application that returns whether the worker can take a task of this name now. */
export type CapacityChecker = (taskName: string) => boolean

/** How often to ask again while there is no capacity, in ms. */
const AGAIN_MS = 1_000

/** Asks the application whether it can take tasks. */
export class CapacityCheck {
  readonly #checker: CapacityChecker
  readonly #registry: Pick<TaskRegistry, 'names'>
  readonly #wake: Wake
  readonly #log: Logger
  readonly #failed = new OnceAMinute()
  readonly #again = new ResettableTimer()
  #isClosed = false

  /**
   * @param checker - called in the context of the application
   * @param wake - triggered while there is no capacity: nobody tells the worker of a change
   */
  constructor(checker: CapacityChecker, registry: Pick<TaskRegistry, 'names'>, wake: Wake, log: Logger) {
    this.#checker = checker
    this.#registry = registry
    this.#wake = wake
    this.#log = log
  }

  /** Whether a task of this name can be taken. A checker that throws has no capacity, and the log says so. */
  readonly has = (taskName: string): boolean => {
    try {
      const has: unknown = this.#checker(taskName)
      if (typeof has === 'boolean') return has
      throw new TypeError(
        `capacityChecker has to return true or false, not ${isPending(has) ? 'a promise' : `a ${typeof has}`}`,
      )
    } catch (error) {
      const line = this.#failed.take()
      if (line)
        this.#log.error(
          { err: loggable(error), taskName, ...line },
          'capacityChecker failed: the worker takes no task of this name',
        )
      return false
    }
  }

  /** Whether a task of any name can be taken. */
  get hasAny(): boolean {
    if (this.#registry.names.some(this.has)) return true
    if (!this.#isClosed && !this.#again.isSet) this.#again.set(AGAIN_MS, () => this.#wake.trigger())
    return false
  }

  close(): void {
    this.#isClosed = true
    this.#again.cancel()
  }
}
