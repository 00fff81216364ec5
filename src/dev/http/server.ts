import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { ConfigError } from '../../errors.js'
import { after } from '../../utils/time.js'
import { RXON_VERSION, RXON_VERSION_HEADER } from '../generation.js'
import type { HttpEnv } from './exchange.js'

/** As long as the real orchestrator's server keeps an idle connection. */
const KEEP_ALIVE_MS = 75_000
/** How long answers may take to leave when the server closes. */
const CLOSE_GRACE_MS = 1_000

/** The HTTP server, and the answers that are on their way. */
export class HttpServer {
  readonly server: Server
  readonly #open = new Set<ServerResponse>()
  #onDrained: (() => void) | undefined

  /** @param speaksRxon whether the answers name the version of the second generation */
  constructor(app: Hono<HttpEnv>, speaksRxon: boolean) {
    // Never in exchange for the globals Request and Response: they belong to the process that this is embedded in.
    const listen = getRequestListener(app.fetch, { overrideGlobalObjects: false, hostname: '127.0.0.1' })
    this.server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
      this.#track(response)
      if (speaksRxon) response.setHeader(RXON_VERSION_HEADER, RXON_VERSION)
      void listen(request, response)
    })
  }

  /**
   * Resolves with the port.
   * @throws ConfigError when nobody can listen there.
   */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const refused = (error: NodeJS.ErrnoException) =>
        reject(new ConfigError([{ name: 'port', value: String(port), expected: problemOf(host, error) }]))
      this.server.once('error', refused)
      this.server.listen(port, host, () => {
        this.server.off('error', refused)
        resolve((this.server.address() as AddressInfo).port)
      })
    })
  }

  /** Takes no new connection, lets the answers out that are being written, and drops what is left. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    await this.#drained()
    this.server.closeAllConnections()
    await closed
  }

  #track(response: ServerResponse): void {
    this.#open.add(response)
    response.once('close', () => {
      this.#open.delete(response)
      if (this.#open.size === 0) this.#onDrained?.()
    })
  }

  #drained(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const grace = after(CLOSE_GRACE_MS, resolve)
      this.#onDrained = () => {
        grace.cancel()
        resolve()
      }
    })
  }
}

const problemOf = (host: string, { code, message }: NodeJS.ErrnoException): string =>
  code === 'EADDRINUSE'
    ? `a free port on ${host}; another process listens on this one (0 takes a free one)`
    : `an address that can be listened on; ${host} answered ${message}`
