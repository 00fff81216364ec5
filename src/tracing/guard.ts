import type { Logger } from '../utils/logger.js'
import { OnceAMinute } from '../utils/once-a-minute.js'

/** Calls code of the application, such as its sampler and its span processors. Their errors must not cost a task its result. */
export class Guard {
  readonly #log: Logger
  readonly #warnings = new OnceAMinute()

  constructor(log: Logger) {
    this.#log = log
  }

  /** Returns what `work` returns; `undefined` if it throws. */
  run<T>(work: () => T): T | undefined {
    try {
      return work()
    } catch (err) {
      const line = this.#warnings.take()
      if (line)
        this.#log.warn(
          { err, ...line },
          'Span not made: OpenTelemetry threw an error. Tasks run without spans',
        )
      return undefined
    }
  }
}
