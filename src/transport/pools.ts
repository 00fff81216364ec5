import type { buildConnector as Connectors } from 'undici'
import buildConnector from 'undici/lib/core/connect.js'
import Pool from 'undici/lib/dispatcher/pool.js'
import type { Redactor } from '../utils/redactor.js'
import { monotonicMs } from '../utils/time.js'
import type { HttpProxy } from './proxy.js'
import type { Connections } from './request-in-flight.js'
import type { TlsFiles } from './tls-files.js'

export interface PoolOptions {
  /** Only its origin counts. */
  readonly url: string
  /** Most connections at once. With enough of them a held poll never delays a heartbeat. */
  readonly connections: number
  /** Certificates and key for `https:`. Default: the certificates that Node trusts. */
  readonly tls?: TlsFiles | undefined
  readonly proxy?: HttpProxy | undefined
  /** Quotes what the server sends. */
  readonly redactor?: Redactor | undefined
}

/** Longer than the heartbeat interval: each heartbeat would open a connection otherwise. */
const KEEP_ALIVE_MS = 60_000
const CONNECT_TIMEOUT_MS = 10_000

/** The connections to one server: the pool in use, and replaced pools that still have requests in flight. */
export class Pools implements Connections {
  readonly url: string
  readonly via: string
  readonly redactor: Redactor | undefined
  #options: PoolOptions
  #pool: Pool
  readonly #draining = new Set<Pool>()
  /** When the pool in use was created. */
  #createdMs = monotonicMs()
  #isClosed = false

  constructor(options: PoolOptions) {
    this.url = options.url
    this.via = options.proxy ? ` (through the proxy ${options.proxy.shown})` : ''
    this.redactor = options.redactor
    this.#options = options
    this.#pool = poolFor(options)
  }

  /** New requests go here. */
  get current(): Pool {
    return this.#pool
  }

  areTrusted(sentMs: number): boolean {
    return sentMs >= this.#createdMs
  }

  /**
   * Replaces the pool: its connections may be dead, or lead to an old address of the server. New connections resolve the
   * name again. Requests in flight on the old connections may still succeed.
   */
  timedOut(sentMs: number): void {
    if (!this.#isClosed && this.areTrusted(sentMs)) this.#drain(this.#replace())
  }

  /** Makes room for more connections at once. Requests in flight stay on their connections. */
  grow(connections: number): void {
    if (this.#isClosed || connections <= this.#options.connections) return
    this.#options = { ...this.#options, connections }
    this.#drain(this.#replace())
  }

  /** Ends every connection. Requests in flight fail; later requests use new connections. */
  reconnect(): void {
    if (this.#isClosed) return
    for (const pool of [this.#replace(), ...this.#draining]) void pool.destroy()
    // A pool that is destroyed while requests wait for a connection never reports that it is closed.
    this.#draining.clear()
  }

  /** Ends every connection. Requests in flight fail, and later requests too. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([this.#pool, ...this.#draining].map((pool) => pool.destroy()))
  }

  #drain(old: Pool): void {
    this.#draining.add(old)
    void old.close().finally(() => this.#draining.delete(old))
  }

  /** @returns the pool that was in use */
  #replace(): Pool {
    const old = this.#pool
    this.#pool = poolFor(this.#options)
    this.#createdMs = monotonicMs()
    return old
  }
}

/** Reads the TLS files before each connection. A change of the files ends the reuse of TLS sessions. */
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

/** Connects through a tunnel, in which TLS reaches from this worker to the server. */
const tunnelConnectorFor =
  (proxy: HttpProxy, connect: Connectors.connector): Connectors.connector =>
  (target, done) => {
    void import('./proxy-tunnel.js')
      .then(({ openTunnel }) => openTunnel(proxy, `${target.hostname}:${target.port || '443'}`))
      .then(
        (httpSocket) => connect({ ...target, httpSocket }, done),
        (error: Error) => done(error, null),
      )
  }

/** A proxy forwards requests without TLS itself: the pool connects to the proxy. */
const originFor = ({ url, proxy }: PoolOptions): string => {
  const { protocol, origin } = new URL(url)
  return proxy && protocol === 'http:' ? proxy.url.origin : origin
}

const poolFor = (options: PoolOptions): Pool => {
  const { url, connections, tls, proxy } = options
  const timeout = { timeout: CONNECT_TIMEOUT_MS }
  const connector = tls ? connectorFor(tls) : undefined
  const connect =
    proxy && url.startsWith('https:')
      ? tunnelConnectorFor(proxy, connector ?? buildConnector(timeout))
      : (connector ?? timeout)
  return new Pool(originFor(options), {
    connections,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect,
    // RequestInFlight has one deadline for the whole request.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
}
