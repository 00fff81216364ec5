import type { Dispatcher } from 'undici'
import { UnreachableError } from '../errors.js'
import type { Redactor } from '../utils/redactor.js'
import { after, monotonicMs, type Timer } from '../utils/time.js'
import { Body } from './body.js'
import { textOf } from './body-text.js'
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
  /** Longest response, in bytes. Default: that of an error page. */
  readonly maxBytes?: number | undefined
  /** A response of more than `maxBytes` succeeds with its start, because its sender needs an answer. */
  readonly takesCut?: boolean | undefined
  /** Cancels the request together with others. */
  readonly cancelGroup?: CancelGroup | undefined
}

export interface HttpResponse {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** If the response exceeds this limit, in bytes, `text` is its start. */
  readonly cutAt?: number
  /** Quotes the response. */
  readonly redactor?: Redactor | undefined
}

/** The connections that a request uses. */
export interface Connections {
  readonly url: string
  /** Names the proxy on the way, for errors; empty without one. */
  readonly via: string
  /** Quotes what the server sends. */
  readonly redactor?: Redactor | undefined
  /** A request that was sent at `sentMs` has timed out. */
  timedOut(sentMs: number): void
  /** Whether no request timed out on the connections in use at `sentMs`. */
  areTrusted(sentMs: number): boolean
}

/** Longest error page, and longest response of a request without a limit of its own, in bytes. */
const MAX_BYTES = 65_536
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
  #body: Body | undefined
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
    const maxBytes = this.#maxBytes
    if (this.#isOver) return
    if (this.#body ? this.#body.add(chunk) : this.#begin(chunk, maxBytes)) return
    if (this.#status < 300 && !this.#request.takesCut) {
      this.#abort(`failed: the response exceeds ${maxBytes} bytes`)
      return
    }
    // An error page is quoted, and the start of a task shows its ids.
    this.#succeed(true)
    this.#controller?.abort(new Error('The rest of the response is not needed'))
  }

  onResponseEnd(): void {
    this.#succeed(false)
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    // The parser quotes what it cannot read, which may be the request: some servers send back whatever they get.
    this.#connections.redactor?.cleanse(error)
    if (this.#status < 200) this.#fail(`failed: ${describe(error)}`, error)
    else this.#brokeOff(error)
  }

  /** The response had begun, so it was more than an idle connection that ended. */
  #brokeOff(cause: Error): void {
    const error = Object.assign(new Error('the response broke off', { cause }), { code: 'ERR_BROKE_OFF' })
    this.#fail(`failed: the response broke off: ${describe(cause)}`, error)
  }

  cancel(): void {
    this.#abort('was canceled', 'ECANCELED')
  }

  get #maxBytes(): number {
    return this.#status < 300 ? (this.#request.maxBytes ?? MAX_BYTES) : MAX_BYTES
  }

  /** @returns false if the first chunk alone exceeds the limit */
  #begin(chunk: Buffer, maxBytes: number): boolean {
    this.#body = new Body(chunk, maxBytes)
    return chunk.length <= maxBytes
  }

  #succeed(isCut: boolean): void {
    if (!this.#end()) return
    const encoding = this.#headers['content-encoding']
    const body = this.#body?.bytes
    if (encoding === undefined || body === undefined) this.#answer(body, isCut)
    else void this.#decode(body, String(encoding), isCut)
  }

  #answer(body: Buffer | undefined, isCut: boolean): void {
    const text = body ? textOf(body) : ''
    const { redactor } = this.#connections
    const answer = { status: this.#status, text, headers: this.#headers, redactor }
    this.#resolve(isCut ? { ...answer, cutAt: this.#maxBytes } : answer)
  }

  /** Never rejects. */
  async #decode(body: Buffer, encoding: string, isCut: boolean): Promise<void> {
    try {
      const { decode } = await import('./content-encoding.js')
      const decoded = await decode(body, encoding, this.#maxBytes)
      const isTooLong = decoded.isCut && this.#status < 300 && !this.#request.takesCut
      if (isTooLong) throw new Error(`the response exceeds ${this.#maxBytes} bytes`)
      this.#answer(decoded.bytes, isCut || decoded.isCut)
    } catch (error) {
      // Of an error page, the status is enough.
      if (this.#status >= 300) this.#answer(undefined, false)
      else this.#refuse(`failed: the body cannot be decoded: ${describe(error as Error)}`, error as Error)
    }
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
    if (this.#end()) this.#refuse(why, cause)
  }

  #refuse(why: string, cause: Error): void {
    const { method, path } = this.#request
    const wasSent = this.#controller !== undefined
    const { url, via } = this.#connections
    this.#reject(new UnreachableError(`${method} ${url}${path}${via} ${why}`, { cause, wasSent }))
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
