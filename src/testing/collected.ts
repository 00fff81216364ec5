import type { ContextTools } from '../tasks/offer-context.js'
import type { Logger } from '../utils/logger.js'
import type { EmittedEvent, LogEntry, TaskRun } from './task-run.js'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** Everything that a task reports, in the order in which it does. */
export class Collected {
  readonly #log: LogEntry[] = []
  readonly #progress: { readonly fraction: number; readonly message: string }[] = []
  readonly #events: EmittedEvent[] = []
  readonly logger: Logger
  readonly tools: ContextTools
  #isOpen = true

  /** @param also - gets the lines, too */
  constructor(also?: Logger) {
    this.logger = this.#loggerWith({}, also)
    this.tools = {
      log: this.logger,
      // A test has to see an event that cannot be sent.
      eventValidation: 'throw',
      isRunning: () => this.#isOpen,
      addToHotCache: () => {},
      removeFromHotCache: () => {},
      report: ({ progress: fraction, message }) => this.#add(this.#progress, { fraction, message }),
      emit: ({ name, payload }) => this.#add(this.#events, { name, payload }),
    }
  }

  get all(): Pick<TaskRun, 'progress' | 'events' | 'log'> {
    return { progress: this.#progress, events: this.#events, log: this.#log }
  }

  /** The outcome is decided: what the handler reports from now on comes too late. */
  close(): void {
    this.#isOpen = false
  }

  #add<T>(list: T[], item: T): void {
    if (this.#isOpen) list.push(item)
  }

  #loggerWith(more: object, also: Logger | undefined): Logger {
    const line = (level: LogEntry['level']) => (fields: object, message: string) => {
      this.#add(this.#log, { level, message, fields: { ...more, ...fields } })
      also?.[level](fields, message)
    }
    const [debug, info, warn, error] = LEVELS.map(line) as [
      ReturnType<typeof line>,
      ReturnType<typeof line>,
      ReturnType<typeof line>,
      ReturnType<typeof line>,
    ]
    const child = (fields: Record<string, unknown>) =>
      this.#loggerWith({ ...more, ...fields }, also?.child(fields))
    return { debug, info, warn, error, child }
  }
}
