import type { buildConnector as Connectors } from 'undici'
import buildConnector from 'undici/lib/core/connect.js'
import Pool from 'undici/lib/dispatcher/pool.js'
import { monotonicMs } from '../utils/time.js'
import { Exchange, type HttpAnswer, type HttpRequest, type Server } from './exchange.js'
import type { TlsFiles } from './tls-files.js'

/** Carries requests to one server. */
export interface Transport {
  /** @throws UnreachableError when no whole answer came within the deadline */
  send(request: HttpRequest): Promise<HttpAnswer>
  /** Shows this token with whatever is sent from now on. */
  authorize(token: string): void
  /** Ends every connection; what is under way fails, and what follows goes over new ones. */
  reconnect(): void
  /** Ends every connection; what is under way fails. */
  close(): Promise<void>
}

export interface HttpOptions {
  /** May end in a path, below which all requests go. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** The most connections at once; enough that a held poll never makes a heartbeat wait. */
  readonly connections: number
  /** Certificates and key for `https:`; without it the usual certificates are trusted. */
  readonly tls?: TlsFiles | undefined
  /** The longest answer that is read, in bytes; default 64 MiB. */
  readonly maxAnswerBytes?: number
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024
/** Longer than the heartbeat interval, or each heartbeat would open a connection of its own. */
const KEEP_ALIVE_MS = 60_000
const CONNECT_TIMEOUT_MS = 10_000

/** HTTP/1.1 over kept-alive connections. */
export class HttpTransport implements Transport {
  readonly #options: HttpOptions
  readonly #basePath: string
  #headers: Record<string, string>
  readonly #server: Server
  #pool: Pool
  /** Pools that are given up and still have something under way. */
  readonly #draining = new Set<Pool>()
  /** When the pool was made. */
  #pooledMs = monotonicMs()
  /** A pool that is made after the end would leave its connections open. */
  #isClosed = false

  constructor(options: HttpOptions) {
    this.#options = options
    this.#basePath = new URL(options.url).pathname.replace(/\/+$/, '')
    this.#server = {
      url: options.url,
      maxBytes: options.maxAnswerBytes ?? MAX_ANSWER_BYTES,
      onTimeout: (sentMs) => this.#replacePool(sentMs),
      isTrusted: (sentMs) => sentMs >= this.#pooledMs,
    }
    this.#headers = { 'content-type': 'application/json', ...options.headers }
    this.#pool = poolFor(options)
  }

  send(request: HttpRequest): Promise<HttpAnswer> {
    const { method, path, body = null } = request
    const headers = request.headers ? { ...this.#headers, ...request.headers } : this.#headers
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(this.#server, request, resolve, reject)
      if (exchange.isOver) return
      this.#pool.dispatch({ path: this.#basePath + path, method, headers, body }, exchange)
    })
  }

  authorize(token: string): void {
    this.#headers = { ...this.#headers, 'x-worker-token': token }
  }

  reconnect(): void {
    if (this.#isClosed) return
    for (const pool of [this.#renew(), ...this.#draining]) void pool.destroy()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([this.#pool, ...this.#draining].map((pool) => pool.destroy()))
  }

  /**
   * No answer came: the way there may be dead without anybody having said so, or lead to where the server no longer is.
   * New connections ask the name again; what is under way on the old ones may still be answered.
   */
  #replacePool(sentMs: number): void {
    if (this.#isClosed || sentMs < this.#pooledMs) return
    const old = this.#renew()
    this.#draining.add(old)
    void old.close().finally(() => this.#draining.delete(old))
  }

  /** @returns the pool that was used so far */
  #renew(): Pool {
    const old = this.#pool
    this.#pool = poolFor(this.#options)
    this.#pooledMs = monotonicMs()
    return old
  }
}

/** Each connection is made with what the files have by then; sessions are not taken over from before a change. */
const connectorFor = (tls: TlsFiles): Connectors.connector => {
  let { context } = tls
  const make = () => buildConnector({ timeout: CONNECT_TIMEOUT_MS, secureContext: context })
  let connect = make()
  return (target, done) => {
    if (tls.context !== context) {
      context = tls.context
      connect = make()
    }
    connect(target, done)
  }
}

const poolFor = ({ url, connections, tls }: HttpOptions): Pool =>
  new Pool(new URL(url).origin, {
    connections,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: tls ? connectorFor(tls) : { timeout: CONNECT_TIMEOUT_MS },
    // The exchange has one deadline of its own for all of its phases.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
