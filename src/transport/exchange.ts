import type { Dispatcher } from 'undici'
import { UnreachableError } from '../errors.js'
import { after, monotonicMs, type Timer } from '../utils/time.js'
import type { CancelGroup, Cancellable } from './cancel-group.js'

/** One request to the server the transport was made for. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly body?: string | undefined
  /** On top of those that all requests have. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** How long the whole exchange may take, in ms. */
  readonly deadlineMs: number
  /** How much longer it may take as long as nothing speaks against the connections it went over, in ms. */
  readonly extraHoldMs?: number | undefined
  /** May call the request off. */
  readonly cancelGroup?: CancelGroup | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** A deadline that is noticed so much too late was missed by this process, not by the server, in ms. */
const LATE_MS = 250
/** How long an answer that came while this process was blocked has to be read, in ms. */
const GRACE_MS = 1_000

/** What all exchanges with one server have in common. */
export interface Server {
  readonly url: string
  /** The longest answer that is read, in bytes. */
  readonly maxBytes: number
  /** A request that was sent then had no whole answer in time. */
  readonly onTimeout: (sentMs: number) => void
  /** Whether everything that was sent since then over the same connections was answered in time. */
  readonly isTrusted: (sentMs: number) => boolean
}

/**
 * One request and its answer, collected whole. It never pauses the body: undici 7 can end the process
 * on a paused body when the server closes its side.
 */
export class Exchange implements Dispatcher.DispatchHandler, Cancellable {
  /** For whoever may call it off. */
  place = -1
  readonly #server: Server
  readonly #request: HttpRequest
  readonly #resolve: (answer: HttpAnswer) => void
  readonly #reject: (error: UnreachableError) => void
  readonly #sentMs = monotonicMs()
  #deadline: Timer
  /** How long it may take, as things stand. */
  #allowedMs: number
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #headers: HttpAnswer['headers'] = {}
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #isOver = false

  constructor(
    server: Server,
    request: HttpRequest,
    resolve: (answer: HttpAnswer) => void,
    reject: (error: UnreachableError) => void,
  ) {
    this.#server = server
    this.#request = request
    this.#resolve = resolve
    this.#reject = reject
    this.#allowedMs = request.deadlineMs
    this.#deadline = after(request.deadlineMs, () => this.#overdue())
    request.cancelGroup?.add(this)
  }

  /** Whether it has come to its end, one way or the other. */
  get isOver(): boolean {
    return this.#isOver
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // Given up while it still waited for a connection: it must not go out any more.
    if (this.#isOver) controller.abort(new Error('given up'))
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: HttpAnswer['headers'],
  ): void {
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { maxBytes } = this.#server
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes > maxBytes) this.#giveUp(`was answered with more than ${maxBytes} bytes`)
  }

  onResponseEnd(): void {
    if (!this.#settle()) return
    const [first] = this.#chunks
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks)
    this.#resolve({ status: this.#status, text: body.toString('utf8'), headers: this.#headers })
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#fail(`failed: ${describe(error)}`, error)
  }

  cancel(): void {
    this.#giveUp('was called off', 'ECANCELED')
  }

  /** Timers come before sockets: after a blockage the answer may lie there unread, and a task in it. */
  #overdue(): void {
    const { deadlineMs, extraHoldMs = 0 } = this.#request
    const lateMs = monotonicMs() - this.#sentMs - this.#allowedMs
    if (this.#allowedMs < deadlineMs + extraHoldMs && this.#server.isTrusted(this.#sentMs)) {
      this.#allowedMs += extraHoldMs
      this.#deadline = after(extraHoldMs, () => this.#overdue())
    } else if (lateMs > LATE_MS) this.#deadline = after(GRACE_MS, () => this.#timedOut())
    else this.#timedOut()
  }

  #timedOut(): void {
    this.#giveUp(`had no whole answer after ${this.#allowedMs} ms`, 'ETIMEDOUT')
    this.#server.onTimeout(this.#sentMs)
  }

  #giveUp(why: string, code?: string): void {
    const cause = Object.assign(new Error(why), code && { code })
    this.#fail(why, cause)
    this.#controller?.abort(cause)
  }

  #fail(why: string, cause: Error): void {
    if (!this.#settle()) return
    const { method, path } = this.#request
    const wasSent = this.#controller !== undefined
    this.#reject(new UnreachableError(`${method} ${this.#server.url}${path} ${why}`, { cause, wasSent }))
  }

  #settle(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#deadline.cancel()
    this.#request.cancelGroup?.delete(this)
    return true
  }
}

/** A refused connection has its addresses' errors inside and no message of its own. */
const describe = (error: Error): string => {
  const { code } = error as NodeJS.ErrnoException
  const inner = error instanceof AggregateError ? error.errors[0] : undefined
  const text = error.message || (inner instanceof Error ? inner.message : '') || error.name
  return code && !text.includes(code) ? `${text} (${code})` : text
}
