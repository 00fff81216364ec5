import { AsyncLocalStorage } from 'node:async_hooks'
import type { Events } from '../events.js'
import type { TaskOffer } from '../protocol/messages.js'
import { describeThrown, loggable } from '../tasks/describe-thrown.js'
import { isError } from '../utils/is-error.js'
import type { Logger } from '../utils/logger.js'
import { StartContext } from '../utils/start-context.js'
import { type Moves, States } from '../utils/states.js'
import { refTo } from './task-in-hand.js'

interface Trace {
  readonly offer: TaskOffer
  readonly owner: StrayRejections
}

/** Shared by all workers of the process: each has to recognize the tasks of the others. */
const traces = new AsyncLocalStorage<Trace>()

/** The workers of this process that listen. They share one process listener, as Node warns of more than ten. */
const listening = new Set<StrayRejections>()
const relay = (reason: unknown): void => {
  for (const each of listening) each.heard(reason)
}

/** From this version on Node carries a context along without a hook on each promise of the process. */
const CHEAP_SINCE_NODE = 24

const MOVES: Moves<'off' | 'waiting' | 'tracing'> = {
  off: ['waiting', 'tracing'],
  waiting: ['tracing', 'off'],
  tracing: ['off'],
}

/**
 * Promise rejections of handlers that nobody handles. Without a listener they would end the process.
 *
 * - `off`: the worker does not listen.
 * - `waiting`: the worker listens and does not trace tasks. Up to Node 22 tracing doubles the cost of every promise.
 * - `tracing`: the worker knows which task each rejection comes from, if any. The first stray rejection leads here.
 */
export class StrayRejections {
  readonly #events: Events
  readonly #log: Logger
  readonly #context: StartContext
  readonly #state = new States('The watch for stray rejections', 'off', MOVES)
  /** A rejection without a trace may come from a task that was not traced. */
  #ranUntraced = false

  /** @param context - the work of each task runs in it */
  constructor(events: Events, log: Logger, context = new StartContext()) {
    this.#events = events
    this.#log = log
    this.#context = context
  }

  /** Runs the work of a task, in the context in which the worker was started. */
  run<T>(offer: TaskOffer, work: () => T): T {
    if (this.#state.now === 'tracing')
      return this.#context.run(() => traces.run({ offer, owner: this }, work))
    this.#ranUntraced = true
    return this.#context.run(work)
  }

  /** @returns stops listening */
  listen(): () => void {
    this.#state.move(Number.parseInt(process.versions.node, 10) >= CHEAP_SINCE_NODE ? 'tracing' : 'waiting')
    if (listening.size === 0) process.on('unhandledRejection', relay)
    listening.add(this)
    return () => {
      listening.delete(this)
      if (listening.size === 0) process.off('unhandledRejection', relay)
      this.#state.move('off')
    }
  }

  /** A promise of this process has rejected, and nobody handles it. */
  heard(reason: unknown): void {
    const trace = traces.getStore()
    if (trace && trace.owner !== this) return
    if (this.#state.now === 'waiting') this.#state.move('tracing')
    if (trace) this.#tell(reason, trace.offer)
    else if (applicationListens()) return
    else if (this.#ranUntraced) this.#tell(reason)
    else throw asNodeWould(reason)
  }

  #tell(reason: unknown, offer?: TaskOffer): void {
    const task = offer && refTo(offer)
    const whose = task
      ? 'Unhandled promise rejection in a handler: await the promise or catch its errors'
      : 'Unhandled promise rejection, probably in a handler: tasks are traced from now on, which costs some speed'
    this.#log.error({ ...task, err: loggable(reason) }, whose)
    this.#events.emit('strayRejection', { reason, ...(task && { task }) })
  }
}

const applicationListens = (): boolean =>
  process.listeners('unhandledRejection').some((each) => each !== relay)

/** Thrown from the listener, this error ends the process as if nobody had listened. */
const asNodeWould = (reason: unknown): Error =>
  isError(reason) ? reason : new Error(`Unhandled promise rejection: ${describeThrown(reason)}`)
