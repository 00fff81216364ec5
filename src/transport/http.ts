import { setMaxListeners } from 'node:events'
import { type Dispatcher, Pool } from 'undici'
import { UnreachableError } from '../errors.js'
import { Exchange, type HttpAnswer, type HttpRequest } from './exchange.js'

/** Carries requests to one server. */
export interface Transport {
  /** @throws UnreachableError when no whole answer came within the deadline */
  send(request: HttpRequest): Promise<HttpAnswer>
  /** Ends every connection; what is under way fails. */
  close(): Promise<void>
}

export interface HttpOptions {
  /** May end in a path, below which all requests go. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** The most connections at once; enough that a held poll never makes a heartbeat wait. */
  readonly connections: number
  /** The longest answer that is read, in bytes; default 64 MiB. */
  readonly maxAnswerBytes?: number
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024
/** Longer than the heartbeat interval, or each heartbeat would open a connection of its own. */
const KEEP_ALIVE_MS = 60_000
const CONNECT_TIMEOUT_MS = 10_000

/** HTTP/1.1 over kept-alive connections. */
export class HttpTransport implements Transport {
  readonly #pool: Pool
  readonly #url: string
  readonly #basePath: string
  readonly #headers: Record<string, string>
  readonly #maxAnswerBytes: number

  constructor(options: HttpOptions) {
    const { origin, pathname } = new URL(options.url)
    this.#url = options.url
    this.#basePath = pathname.replace(/\/+$/, '')
    this.#headers = { 'content-type': 'application/json', ...options.headers }
    this.#maxAnswerBytes = options.maxAnswerBytes ?? MAX_ANSWER_BYTES
    this.#pool = new Pool(origin, {
      connections: options.connections,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      // The exchange has one deadline of its own for all of its phases.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  send(request: HttpRequest): Promise<HttpAnswer> {
    const { method, body, signal } = request
    const what = `${method} ${this.#url}${request.path}`
    if (signal?.aborted) return Promise.reject(new UnreachableError(`${what} was called off`))
    return new Promise((resolve, reject) => {
      const exchange = new Exchange({ what, request, maxBytes: this.#maxAnswerBytes, resolve, reject })
      const options: Dispatcher.DispatchOptions = {
        path: this.#basePath + request.path,
        method,
        headers: this.#headers,
        body: body ?? null,
      }
      this.#pool.dispatch(options, exchange)
    })
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }
}

/** A signal that many requests may share without Node warning of a leak. */
export const sharedAbort = (): AbortController => {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}
