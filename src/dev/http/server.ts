import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { ConfigError } from '../../errors.js'
import { Condition } from '../../utils/condition.js'
import { within } from '../../utils/time.js'
import type { AllowedHosts } from '../access/allowed-hosts.js'
import type { DevClock } from '../clock.js'
import { RXON_VERSION, RXON_VERSION_HEADER } from '../generation.js'
import type { DevSettings } from '../options.js'
import type { Refusal } from '../refusal.js'
import type { HttpEnv } from './http-context.js'

/** How long the real orchestrator keeps an idle connection, in ms. */
const KEEP_ALIVE_MS = 75_000
/** How long {@link HttpServer.close} waits for responses that are being sent, in ms. */
const CLOSE_GRACE_MS = 1_000

/** Handles requests instead of the orchestrator. */
export interface RequestGate {
  handle(request: IncomingMessage, response: ServerResponse, pass: () => void): void
}

/** What a server uses besides its routes. */
export interface ServerTools {
  readonly clock: DevClock
  readonly faults: RequestGate
  /** Called when a request was answered, or its connection has ended. */
  answered(request: IncomingMessage, response: ServerResponse): void
}

export class HttpServer {
  readonly server: Server
  readonly #open = new Set<ServerResponse>()
  readonly #changed = new Condition()

  constructor(
    app: Hono<HttpEnv>,
    hosts: AllowedHosts,
    { generation }: Pick<DevSettings, 'generation'>,
    { clock, faults, answered }: ServerTools,
  ) {
    // The globals Request and Response belong to the process that embeds this server, so they are not replaced.
    const listen = getRequestListener(app.fetch, { overrideGlobalObjects: false, hostname: '127.0.0.1' })
    this.server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
      this.#track(response)
      response.once('close', () => answered(request, response))
      // Before any route, so no route can forget it.
      const refusal = hosts.refusalOf(request)
      if (refusal) return refuse(response, refusal)
      if (generation !== 'classic') response.setHeader(RXON_VERSION_HEADER, RXON_VERSION)
      if (clock.isMoved) response.setHeader('date', new Date(clock.wallMs()).toUTCString())
      faults.handle(request, response, () => void listen(request, response))
    })
  }

  /** The requests that have no complete answer yet. */
  get open(): Iterable<ServerResponse> {
    return this.#open
  }

  /**
   * @returns the port
   * @throws ConfigError if the server cannot listen there
   */
  async listen(host: string, port: number): Promise<number> {
    this.server.listen(port, host)
    try {
      await once(this.server, 'listening')
    } catch (error) {
      const expected = problemOf(host, error as NodeJS.ErrnoException)
      throw new ConfigError([{ name: 'port', value: String(port), expected }])
    }
    return (this.server.address() as AddressInfo).port
  }

  /** Accepts no new connections, waits for responses that are being sent, and ends all connections. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    await within(
      CLOSE_GRACE_MS,
      this.#changed.until(() => this.#open.size === 0),
    )
    this.server.closeAllConnections()
    await closed
  }

  #track(response: ServerResponse): void {
    this.#open.add(response)
    response.once('close', () => {
      this.#open.delete(response)
      this.#changed.notify()
    })
  }
}

const refuse = (response: ServerResponse, { status, error }: Refusal): void => {
  const body = JSON.stringify({ error })
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  }
  response.writeHead(status, headers).end(body)
}

const problemOf = (host: string, { code, message }: NodeJS.ErrnoException): string =>
  code === 'EADDRINUSE'
    ? `a free port on ${host}; another process listens on this one (0 takes a free one)`
    : `an address that can be listened on; ${host} answered ${message}`
