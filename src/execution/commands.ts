import { AvtomatikaError } from '../errors.js'
import type { Command } from '../protocol/messages.js'
import { loggable } from '../tasks/describe-thrown.js'
import type { JsonObject } from '../utils/json.js'
import type { Logger } from '../utils/logger.js'
import type { TaskSource } from './task-in-hand.js'
import type { TasksInHand } from './tasks-in-hand.js'

/** Where a command came from. */
export interface CommandOrigin {
  /** The orchestrator's URL. */
  readonly orchestrator: string
}

/** Your code for one command: gets the whole message. What it throws is logged and harms nobody else. */
export type CommandHandler = (message: JsonObject, origin: CommandOrigin) => unknown

/** The worker's own business. */
const CANCEL = 'cancel_task'

/** What is done about the commands that orchestrators send. */
export class Commands {
  readonly #tasks: Pick<TasksInHand, 'cancel'>
  readonly #log: Logger
  readonly #handlers = new Map<string, CommandHandler>()

  constructor(tasks: Pick<TasksInHand, 'cancel'>, log: Logger) {
    this.#tasks = tasks
    this.#log = log
  }

  /** How many commands somebody listens to. */
  get count(): number {
    return this.#handlers.size
  }

  /**
   * @returns stops listening
   * @throws AvtomatikaError `DUPLICATE_COMMAND` when the name is taken
   */
  on(name: string, handler: CommandHandler): () => void {
    if (name === CANCEL || this.#handlers.has(name)) {
      const why = name === CANCEL ? 'the worker answers it itself, by ctx.signal' : 'it has a handler already'
      throw new AvtomatikaError('DUPLICATE_COMMAND', `The command "${name}" cannot be listened to: ${why}`)
    }
    this.#handlers.set(name, handler)
    return () => {
      if (this.#handlers.get(name) === handler) this.#handlers.delete(name)
    }
  }

  /** Never throws. */
  take(command: Command, from: TaskSource): void {
    if (command.kind === 'cancel') this.#tasks.cancel(command.taskId, from)
    else void this.#handOver(command.name, command.payload, from)
  }

  async #handOver(name: string, message: JsonObject, from: TaskSource): Promise<void> {
    const fields = { command: name, orchestrator: from.url }
    const handler = this.#handlers.get(name)
    if (!handler) {
      this.#log.warn(fields, 'the orchestrator sent a command that nobody listens to (see worker.onCommand)')
      return
    }
    try {
      await handler(message, { orchestrator: from.url })
    } catch (error) {
      this.#log.error({ ...fields, err: loggable(error) }, 'the handler of a command threw')
    }
  }
}
