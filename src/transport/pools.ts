import type { buildConnector as Connectors } from 'undici'
import buildConnector from 'undici/lib/core/connect.js'
import Pool from 'undici/lib/dispatcher/pool.js'
import type { Redactor } from '../utils/redactor.js'
import { monotonicMs } from '../utils/time.js'
import type { Endpoint } from './endpoint.js'
import type { HttpProxy } from './proxy.js'
import type { Connections } from './request-in-flight.js'
import type { TlsFiles } from './tls-files.js'

/** Longer than the heartbeat interval: each heartbeat would open a connection otherwise. */
const KEEP_ALIVE_MS = 60_000
const CONNECT_TIMEOUT_MS = 10_000

/** The connections to one server: the pool in use, and replaced pools that still have requests in flight. */
export class Pools implements Connections {
  readonly url: string
  readonly via: string
  readonly redactor: Redactor | undefined
  readonly #endpoint: Endpoint
  #connections: number
  #pool: Pool
  readonly #draining = new Set<Pool>()
  /** When the pool in use was created. */
  #createdMs = monotonicMs()
  #isClosed = false

  /**
   * @param endpoint - only the origin of its URL counts
   * @param connections - most connections at once. With enough of them a held poll never delays a heartbeat
   */
  constructor(endpoint: Endpoint, connections: number) {
    this.url = endpoint.url
    this.via = endpoint.proxy ? ` (through the proxy ${endpoint.proxy.shown})` : ''
    this.redactor = endpoint.redactor
    this.#endpoint = endpoint
    this.#connections = connections
    this.#pool = poolFor(endpoint, connections)
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
    if (this.#isClosed || connections <= this.#connections) return
    this.#connections = connections
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
    this.#pool = poolFor(this.#endpoint, this.#connections)
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
const originFor = ({ url, proxy }: Endpoint): string => {
  const { protocol, origin } = new URL(url)
  return proxy && protocol === 'http:' ? proxy.url.origin : origin
}

const poolFor = (endpoint: Endpoint, connections: number): Pool => {
  const { url, tls, proxy } = endpoint
  const timeout = { timeout: CONNECT_TIMEOUT_MS }
  const connector = tls ? connectorFor(tls) : undefined
  const connect =
    proxy && url.startsWith('https:')
      ? tunnelConnectorFor(proxy, connector ?? buildConnector(timeout))
      : (connector ?? timeout)
  return new Pool(originFor(endpoint), {
    connections,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect,
    // RequestInFlight has one deadline for the whole request.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
}
