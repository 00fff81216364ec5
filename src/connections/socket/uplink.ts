import type { Orchestrator } from '../../orchestrators/orchestrator.js'
import type { ProgressUpdate, WorkerEvent } from '../../protocol/messages.js'
import type { Protocol } from '../../protocol/protocol.js'
import type { Logger } from '../../utils/logger.js'
import { TroubleLines } from '../../utils/trouble-lines.js'
import type { CommandSocket } from './command-socket.js'
import { ProgressThrottle, writeUpdate } from './progress-throttle.js'

/** The orchestrator that receives the progress and the events. */
interface EventReceiver extends Pick<Orchestrator, 'url' | 'postEvent' | 'limits'> {
  readonly protocol: Pick<Protocol, 'writeEvent' | 'writeProgress'>
}

/** The socket that carries them, if there is one. */
type EventSocket = Pick<CommandSocket, 'report' | 'settle' | 'say'> | undefined

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
 * Sends the progress and the events of running tasks, and those of the worker itself, to one orchestrator. They go over the
 * command socket if the worker has one, otherwise over HTTP if the orchestrator accepts events. Each is sent once: the log
 * tells what did not arrive.
 */
export class Uplink {
  readonly #orchestrator: EventReceiver
  readonly #socket: EventSocket
  readonly #log: Logger
  readonly #progress: ProgressThrottle
  readonly #queue: Post[] = []
  /** Events of the worker itself before its registration. */
  readonly #early: WorkerEvent[] = []
  #isOpen = false
  #inFlight = 0
  #isClosed = false
  /** The last failure that was logged as a warning. */
  readonly #troubles = new TroubleLines()

  constructor(orchestrator: EventReceiver, socket: EventSocket, log: Logger) {
    this.#orchestrator = orchestrator
    this.#socket = socket
    this.#log = log
    this.#progress = new ProgressThrottle((update) => this.#postProgress(update))
  }

  progress(update: ProgressUpdate): void {
    if (this.#socket) this.#socket.report(update)
    else if (this.#orchestrator.protocol.writeEvent) this.#progress.report(update)
  }

  /** Sends the newest progress of a task at once: its result follows. */
  settle(taskId: string): void {
    this.#socket?.settle(taskId)
    this.#progress.settle(taskId)
  }

  /** @throws TypeError if no orchestrator can read the event */
  emit(event: WorkerEvent): void {
    const text = this.#orchestrator.protocol.writeEvent?.(event)
    if (text === undefined) {
      const fields = { orchestrator: this.#orchestrator.url, event: event.name, taskId: event.taskId }
      this.#log.debug(fields, 'Event not sent: this orchestrator does not accept events')
    } else if (!this.#socket?.say(text)) this.#postEvent({ name: event.name, text })
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
    const text = writeUpdate(this.#orchestrator, update, this.#log)
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
    return this.#orchestrator.limits.quietMs('event') > 0
  }

  /** Never rejects. */
  async #post(post: Post): Promise<void> {
    this.#inFlight++
    try {
      await this.#orchestrator.postEvent(post.text)
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
    const fields = { orchestrator: this.#orchestrator.url, event: name, err: error }
    const level = this.#troubles.isNew(error.message) ? 'warn' : 'debug'
    this.#log[level](fields, 'Event not delivered; it is not sent again')
  }
}
