import type { Dispatcher } from 'undici'
import { UnreachableError } from '../errors.js'
import { after, monotonicMs, type Timer } from '../utils/time.js'
import type { CancelGroup, Cancellable } from './cancel-group.js'

/** One request to the server of a transport. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly body?: string | undefined
  /** In addition to the headers of the transport. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Time from the request to the last byte of the response, in ms. */
  readonly deadlineMs: number
  /** Extra time, in ms. It is granted if every later request on the same connections got its response in time. */
  readonly extraHoldMs?: number | undefined
  /** Cancels the request together with others. */
  readonly cancelGroup?: CancelGroup | undefined
}

export interface HttpResponse {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** The connections that a request uses. */
export interface Connections {
  readonly url: string
  /** Longest response, in bytes. */
  readonly maxBytes: number
  /** A request that was sent at `sentMs` has timed out. */
  timedOut(sentMs: number): void
  /** Whether no request timed out on the connections in use at `sentMs`. */
  areTrusted(sentMs: number): boolean
}

/** If a deadline fires this late, this process was blocked, in ms. */
const LATE_MS = 250
/** Time to read a response that arrived while this process was blocked, in ms. */
const GRACE_MS = 1_000

/**
 * One request until the last byte of its response. It never pauses the body: undici 7 can end the process if the server
 * closes the connection while the body is paused.
 */
export class RequestInFlight implements Dispatcher.DispatchHandler, Cancellable {
  /** Index in the cancel group. */
  place = -1
  readonly #connections: Connections
  readonly #request: HttpRequest
  readonly #resolve: (response: HttpResponse) => void
  readonly #reject: (error: UnreachableError) => void
  readonly #sentMs = monotonicMs()
  #deadline: Timer
  /** Time allowed so far, in ms. */
  #allowedMs: number
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #headers: HttpResponse['headers'] = {}
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #isOver = false

  constructor(
    connections: Connections,
    request: HttpRequest,
    resolve: (response: HttpResponse) => void,
    reject: (error: UnreachableError) => void,
  ) {
    this.#connections = connections
    this.#request = request
    this.#resolve = resolve
    this.#reject = reject
    this.#allowedMs = request.deadlineMs
    this.#deadline = after(request.deadlineMs, () => this.#overdue())
    request.cancelGroup?.add(this)
  }

  /** Whether the request has succeeded or failed. */
  get isOver(): boolean {
    return this.#isOver
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // It failed while it waited for a connection: it must not be sent any more.
    if (this.#isOver) controller.abort(new Error('The request is over'))
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: HttpResponse['headers'],
  ): void {
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { maxBytes } = this.#connections
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes > maxBytes) this.#abort(`failed: the response exceeds ${maxBytes} bytes`)
  }

  onResponseEnd(): void {
    if (!this.#end()) return
    const [first] = this.#chunks
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks)
    this.#resolve({ status: this.#status, text: body.toString('utf8'), headers: this.#headers })
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#fail(`failed: ${describe(error)}`, error)
  }

  cancel(): void {
    this.#abort('was canceled', 'ECANCELED')
  }

  /** Timers run before sockets. After a block the response may be here but unread, and it may carry a task. */
  #overdue(): void {
    const { deadlineMs, extraHoldMs = 0 } = this.#request
    const lateMs = monotonicMs() - this.#sentMs - this.#allowedMs
    if (this.#allowedMs < deadlineMs + extraHoldMs && this.#connections.areTrusted(this.#sentMs)) {
      this.#allowedMs += extraHoldMs
      this.#deadline = after(extraHoldMs, () => this.#overdue())
    } else if (lateMs > LATE_MS) this.#deadline = after(GRACE_MS, () => this.#timedOut())
    else this.#timedOut()
  }

  #timedOut(): void {
    this.#abort(`timed out: no complete response after ${this.#allowedMs} ms`, 'ETIMEDOUT')
    this.#connections.timedOut(this.#sentMs)
  }

  #abort(why: string, code?: string): void {
    const cause = Object.assign(new Error(why), code && { code })
    this.#fail(why, cause)
    this.#controller?.abort(cause)
  }

  #fail(why: string, cause: Error): void {
    if (!this.#end()) return
    const { method, path } = this.#request
    const wasSent = this.#controller !== undefined
    this.#reject(new UnreachableError(`${method} ${this.#connections.url}${path} ${why}`, { cause, wasSent }))
  }

  /** @returns false if the request was over before */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#deadline.cancel()
    this.#request.cancelGroup?.delete(this)
    return true
  }
}

/** A refused connection is an AggregateError without a message: the message is in its inner errors. */
const describe = (error: Error): string => {
  const { code } = error as NodeJS.ErrnoException
  const inner = error instanceof AggregateError ? error.errors[0] : undefined
  const text = error.message || (inner instanceof Error ? inner.message : '') || error.name
  return code && !text.includes(code) ? `${text} (${code})` : text
}
