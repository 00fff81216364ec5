import type { Endpoint } from './endpoint.js'
import { Pools } from './pools.js'
import { type HttpRequest, type HttpResponse, RequestInFlight } from './request-in-flight.js'

/** Sends requests to one server. */
export interface Transport {
  /** @throws UnreachableError if no complete response arrived before the deadline */
  send(request: HttpRequest): Promise<HttpResponse>
  /** Sends this token with all later requests. */
  authorize(token: string): void
  /** Makes room for more connections at once. */
  grow(connections: number): void
  /** Ends every connection. Requests in flight fail; later requests use new connections. */
  reconnect(): void
  /** Ends every connection. Requests in flight fail, and later requests too. */
  close(): Promise<void>
}

/** HTTP/1.1 over keep-alive connections. */
export class HttpTransport implements Transport {
  readonly #basePath: string
  readonly #pools: Pools
  #headers: Record<string, string>

  /**
   * @param endpoint - its URL may have a path: the paths of requests are appended to it
   * @param headers - of every request
   * @param connections - most connections at once
   */
  constructor(endpoint: Endpoint, headers: Readonly<Record<string, string>>, connections: number) {
    const { protocol, origin, host, pathname } = new URL(endpoint.url)
    const basePath = pathname.replace(/\/+$/, '')
    // A proxy is told the whole URL. For `https:` the pool makes a tunnel, and the proxy sees no request.
    const forwarder = protocol === 'http:' ? endpoint.proxy : undefined
    this.#basePath = forwarder ? origin + basePath : basePath
    this.#headers = {
      'content-type': 'application/json',
      ...headers,
      ...(forwarder && { host, ...forwarder.headers }),
    }
    this.#pools = new Pools(endpoint, connections)
  }

  send(request: HttpRequest): Promise<HttpResponse> {
    const { method, path, body = null } = request
    const headers = request.headers ? { ...this.#headers, ...request.headers } : this.#headers
    return new Promise((resolve, reject) => {
      const inFlight = new RequestInFlight(this.#pools, request, resolve, reject)
      if (inFlight.isOver) return
      this.#pools.current.dispatch({ path: this.#basePath + path, method, headers, body }, inFlight)
    })
  }

  authorize(token: string): void {
    this.#headers = { ...this.#headers, 'x-worker-token': token }
  }

  grow(connections: number): void {
    this.#pools.grow(connections)
  }

  reconnect(): void {
    this.#pools.reconnect()
  }

  close(): Promise<void> {
    return this.#pools.close()
  }
}
