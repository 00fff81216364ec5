import type { Orchestrator } from '../../orchestrators/orchestrator.js'
import type { ProgressUpdate, WorkerEvent } from '../../protocol/messages.js'
import type { Protocol } from '../../protocol/protocol.js'
import type { Logger } from '../../utils/logger.js'
import { TroubleLines } from '../../utils/trouble-lines.js'
import type { CommandSocket } from './command-socket.js'
import { ProgressThrottle, writeUpdate } from './progress-throttle.js'

export interface UplinkOptions {
  readonly orchestrator: Pick<Orchestrator, 'url' | 'postEvent' | 'limits'> & {
    readonly protocol: Pick<Protocol, 'writeEvent' | 'writeProgress'>
  }
  readonly socket: Pick<CommandSocket, 'report' | 'settle' | 'say'> | undefined
  readonly log: Logger
}

/** An event that goes over HTTP. */
interface Post {
  /** For the log. */
  readonly name: string
  readonly text: string
}

/** Most event requests in flight: they share the connections with heartbeats and results. */
const MAX_IN_FLIGHT = 4
/** Most events that wait for a request to end. */
const MAX_QUEUED = 1_000
const RATE_LIMITED = 'The rate limit of the orchestrator lasts'

/**
 * Sends the progress and the events of running tasks, and those of the worker itself, to one orchestrator. They go over the command socket if the worker
 * has one, otherwise over HTTP if the orchestrator accepts events. Each is sent once: the log tells what did not arrive.
 */
export class Uplink {
  readonly #options: UplinkOptions
  readonly #progress: ProgressThrottle
  readonly #queue: Post[] = []
  /** Events of the worker itself before its registration. */
  readonly #early: WorkerEvent[] = []
  #isOpen = false
  #inFlight = 0
  #isClosed = false
  /** The last failure that was logged as a warning. */
  readonly #troubles = new TroubleLines()

  constructor(options: UplinkOptions) {
    this.#options = options
    this.#progress = new ProgressThrottle((update) => this.#postProgress(update))
  }

  progress(update: ProgressUpdate): void {
    const { socket, orchestrator } = this.#options
    if (socket) socket.report(update)
    else if (orchestrator.protocol.writeEvent) this.#progress.report(update)
  }

  /** Sends the newest progress of a task at once: its result follows. */
  settle(taskId: string): void {
    this.#options.socket?.settle(taskId)
    this.#progress.settle(taskId)
  }

  /** @throws TypeError if no orchestrator can read the event */
  emit(event: WorkerEvent): void {
    const { socket, orchestrator, log } = this.#options
    const text = orchestrator.protocol.writeEvent?.(event)
    if (text === undefined) {
      const fields = { orchestrator: orchestrator.url, event: event.name, taskId: event.taskId }
      log.debug(fields, 'Event not sent: this orchestrator does not accept events')
    } else if (!socket?.say(text)) this.#postEvent({ name: event.name, text })
  }

  /** Sends an event of the worker itself. It waits until the orchestrator knows the worker. */
  emitOwn(event: WorkerEvent): void {
    if (this.#isOpen) this.#emitSafely(event)
    else if (this.#early.length < MAX_QUEUED) this.#early.push(event)
    else this.#failed(event, new Error(`${MAX_QUEUED} events wait already`))
  }

  /** The orchestrator knows the worker. */
  open(): void {
    this.#isOpen = true
    for (const event of this.#early.splice(0)) this.#emitSafely(event)
  }

  /** The call that made the event may be over, so an error can only be logged. */
  #emitSafely(event: WorkerEvent): void {
    try {
      this.emit(event)
    } catch (error) {
      this.#failed(event, error as Error)
    }
  }

  /** Drops everything that waits. Later progress and events are ignored. */
  close(): void {
    this.#isClosed = true
    this.#queue.length = 0
    this.#early.length = 0
    this.#progress.close()
  }

  /** @returns false if too many requests are in flight: the newest progress of each task waits then */
  #postProgress(update: ProgressUpdate): boolean {
    if (this.#isQuiet) return true
    if (this.#inFlight >= MAX_IN_FLIGHT) return false
    const { orchestrator, log } = this.#options
    const text = writeUpdate(orchestrator, update, log)
    if (text !== undefined) void this.#post({ name: 'progress', text })
    return true
  }

  #postEvent(post: Post): void {
    if (this.#isClosed) return
    if (this.#isQuiet) this.#failed(post, new Error(RATE_LIMITED))
    else if (this.#inFlight < MAX_IN_FLIGHT) void this.#post(post)
    else if (this.#queue.length < MAX_QUEUED) this.#queue.push(post)
    else this.#failed(post, new Error(`${MAX_QUEUED} events wait already`))
  }

  /** A rate limit lasts. A request would prolong it, so progress and events are dropped. */
  get #isQuiet(): boolean {
    return this.#options.orchestrator.limits.quietMs('event') > 0
  }

  /** Never rejects. */
  async #post(post: Post): Promise<void> {
    this.#inFlight++
    try {
      await this.#options.orchestrator.postEvent(post.text)
      this.#troubles.over()
    } catch (error) {
      this.#failed(post, error as Error)
    }
    this.#inFlight--
    this.#postNext()
  }

  #postNext(): void {
    if (this.#isQuiet) for (const post of this.#queue.splice(0)) this.#failed(post, new Error(RATE_LIMITED))
    const post = this.#queue.shift()
    if (post) void this.#post(post)
    else this.#progress.resume()
  }

  #failed({ name }: Pick<Post, 'name'>, error: Error): void {
    const { orchestrator, log } = this.#options
    const fields = { orchestrator: orchestrator.url, event: name, err: error }
    const level = this.#troubles.isNew(error.message) ? 'warn' : 'debug'
    log[level](fields, 'Event not delivered; it is not sent again')
  }
}
