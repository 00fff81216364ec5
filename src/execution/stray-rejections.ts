import { AsyncLocalStorage } from 'node:async_hooks'
import type { Events, TaskRef } from '../events.js'
import { describeThrown, loggable } from '../tasks/describe-thrown.js'
import { isError } from '../utils/is-error.js'
import type { Logger } from '../utils/logger.js'
import { type Moves, States } from '../utils/states.js'

interface Trace {
  readonly task: TaskRef
  readonly owner: StrayRejections
}

/** One for all workers of the process: each has to know what is another's. */
const traces = new AsyncLocalStorage<Trace>()
/** What the workers of this process listen with; any other listener is the application's. */
const own = new WeakSet<object>()

/** From here on Node carries a context along without a hook on each promise of the process. */
const CHEAP_SINCE_NODE = 24

const MOVES: Moves<'off' | 'waiting' | 'tracing'> = {
  off: ['waiting', 'tracing'],
  waiting: ['tracing', 'off'],
  tracing: ['off'],
}

/**
 * Promises of handlers that reject while nobody looks, which would end the process.
 * `off`: they are none of the worker's business · `waiting`: nobody pays for tracing before there is a reason to: up to
 * Node 22 it doubles the price of every promise · `tracing`: of each rejection it is known which task it comes from, if
 * from any.
 */
export class StrayRejections {
  readonly #events: Events
  readonly #log: Logger
  readonly #state = new States('The watch for stray rejections', 'off', MOVES)
  /** A rejection without a trace may be that of a task which was not traced. */
  #ranUntraced = false

  constructor(events: Events, log: Logger) {
    this.#events = events
    this.#log = log
  }

  /** Runs the work of a task. */
  run<T>(task: TaskRef, work: () => T): T {
    if (this.#state.now === 'tracing') return traces.run({ task, owner: this }, work)
    this.#ranUntraced = true
    return work()
  }

  /** @returns stops listening */
  listen(): () => void {
    const heard = (reason: unknown): void => this.#heard(reason)
    own.add(heard)
    this.#state.move(Number.parseInt(process.versions.node, 10) >= CHEAP_SINCE_NODE ? 'tracing' : 'waiting')
    process.on('unhandledRejection', heard)
    return () => {
      process.off('unhandledRejection', heard)
      this.#state.move('off')
    }
  }

  #heard(reason: unknown): void {
    const trace = traces.getStore()
    if (trace && trace.owner !== this) return
    if (this.#state.now === 'waiting') this.#state.move('tracing')
    if (trace) this.#tell(reason, trace.task)
    else if (applicationListens()) return
    else if (this.#ranUntraced) this.#tell(reason)
    else throw asNodeWould(reason)
  }

  #tell(reason: unknown, task?: TaskRef): void {
    const whose = task
      ? 'a handler left a promise behind that rejected: await it, or catch what it throws'
      : 'a promise rejected that nobody looks after, maybe of a handler; from now on tasks are traced, which costs some speed'
    this.#log.error({ ...task, err: loggable(reason) }, whose)
    this.#events.emit('strayRejection', { reason, ...(task && { task }) })
  }
}

const applicationListens = (): boolean =>
  process.listeners('unhandledRejection').some((each) => !own.has(each))

/** Thrown where Node reports a rejection, it ends the process as if nobody had listened. */
const asNodeWould = (reason: unknown): Error =>
  isError(reason) ? reason : new Error(`A promise rejected unhandled: ${describeThrown(reason)}`)
