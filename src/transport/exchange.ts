import type { Dispatcher } from 'undici'
import { UnreachableError } from '../errors.js'
import { after, monotonicMs, type Timer } from '../utils/time.js'

/** One request to the server the transport was made for. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly body?: string | undefined
  /** How long the whole exchange may take, in ms. */
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
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

interface ExchangeOptions {
  /** Method and URL, for messages. */
  readonly what: string
  readonly request: HttpRequest
  readonly maxBytes: number
  readonly resolve: (answer: HttpAnswer) => void
  readonly reject: (error: UnreachableError) => void
}

/**
 * One request and its answer, collected whole. It never pauses the body: undici 7 can end the process
 * on a paused body when the server closes its side.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions
  readonly #dueMs: number
  #deadline: Timer
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #headers: HttpAnswer['headers'] = {}
  #chunks: Buffer[] = []
  #bytes = 0
  #settled = false

  constructor(options: ExchangeOptions) {
    this.#options = options
    const { deadlineMs, signal } = options.request
    this.#dueMs = monotonicMs() + deadlineMs
    this.#deadline = after(deadlineMs, this.#overdue)
    signal?.addEventListener('abort', this.#calledOff)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // Given up while it still waited for a connection: it must not go out any more.
    if (this.#settled) controller.abort(new Error('given up'))
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
    this.#bytes += chunk.length
    const { maxBytes } = this.#options
    if (this.#bytes > maxBytes) this.#giveUp(`was answered with more than ${maxBytes} bytes`)
    else this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    if (!this.#settle()) return
    const [first] = this.#chunks
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks)
    this.#options.resolve({ status: this.#status, text: body.toString('utf8'), headers: this.#headers })
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#fail(`failed: ${describe(error)}`, error)
  }

  readonly #calledOff = (): void => this.#giveUp('was called off', 'ECANCELED')

  /** Timers come before sockets: after a blockage the answer may lie there unread, and a task in it. */
  readonly #overdue = (): void => {
    if (monotonicMs() - this.#dueMs > LATE_MS) this.#deadline = after(GRACE_MS, this.#timedOut)
    else this.#timedOut()
  }

  readonly #timedOut = (): void =>
    this.#giveUp(`had no whole answer after ${this.#options.request.deadlineMs} ms`, 'ETIMEDOUT')

  #giveUp(why: string, code?: string): void {
    const cause = Object.assign(new Error(why), code && { code })
    this.#fail(why, cause)
    this.#controller?.abort(cause)
  }

  #fail(why: string, cause: Error): void {
    if (!this.#settle()) return
    this.#options.reject(new UnreachableError(`${this.#options.what} ${why}`, { cause }))
  }

  #settle(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.#deadline.cancel()
    this.#options.request.signal?.removeEventListener('abort', this.#calledOff)
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
