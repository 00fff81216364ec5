import { AvtomatikaError } from '../errors.js'
import type { Command } from '../protocol/messages.js'
import { loggable } from '../tasks/describe-thrown.js'
import type { JsonObject } from '../utils/json.js'
import type { Logger } from '../utils/logger.js'
import { OnceAMinute } from '../utils/once-a-minute.js'
import type { StartContext } from '../utils/start-context.js'
import type { TaskSource } from './task-in-hand.js'
import type { TasksInHand } from './tasks-in-hand.js'

/** The origin of a command. */
export interface CommandOrigin {
  /** The orchestrator's URL. */
  readonly orchestrator: string
}

/** A function of the application that handles one command. It receives the whole message. The worker logs its errors. */
export type CommandHandler = (message: JsonObject, origin: CommandOrigin) => unknown

/** How much of the name of a command the log shows, in characters. */
const SHOWN_NAME = 100
/** The worker answers this command itself. */
const CANCEL = 'cancel_task'

/** Passes the commands of orchestrators on to the tasks and to the handlers of the application. */
export class Commands {
  readonly #tasks: Pick<TasksInHand, 'cancel'>
  readonly #log: Logger
  readonly #context: StartContext
  readonly #handlers = new Map<string, CommandHandler>()
  readonly #unknown = new OnceAMinute()
  readonly #failed = new OnceAMinute()

  /** @param context - each handler is called in it */
  constructor(tasks: Pick<TasksInHand, 'cancel'>, log: Logger, context: StartContext) {
    this.#tasks = tasks
    this.#log = log
    this.#context = context
  }

  /** How many commands have a handler. */
  get count(): number {
    return this.#handlers.size
  }

  /**
   * @returns a function that stops listening
   * @throws AvtomatikaError `DUPLICATE_COMMAND` when the name is taken, `COMMAND_HANDLER` if the arguments are wrong
   */
  on(name: string, handler: CommandHandler): () => void {
    if (typeof name !== 'string' || typeof handler !== 'function')
      throw new AvtomatikaError(
        'COMMAND_HANDLER',
        `Command "${String(name)}" cannot be registered: pass a name and a function, worker.onCommand(name, handler)`,
      )
    if (name === CANCEL || this.#handlers.has(name)) {
      const why =
        name === CANCEL ? 'the worker handles it itself: use ctx.signal' : 'it has a handler already'
      throw new AvtomatikaError('DUPLICATE_COMMAND', `Command "${name}" cannot be registered: ${why}`)
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
    const fields = { command: name.slice(0, SHOWN_NAME), orchestrator: from.url }
    const handler = this.#handlers.get(name)
    if (!handler) {
      const line = this.#unknown.take()
      if (line)
        this.#log.warn(
          { ...fields, ...line },
          'Command without a handler received: register one with worker.onCommand',
        )
      return
    }
    try {
      await this.#context.run(() => handler(message, { orchestrator: from.url }))
    } catch (error) {
      const line = this.#failed.take()
      if (line) this.#log.error({ ...fields, err: loggable(error), ...line }, 'Command handler failed')
    }
  }
}
