import type { Tracing } from '../tracing/tracing.js'
import type { Transport } from '../transport/http.js'
import type { HttpRequest, HttpResponse } from '../transport/request-in-flight.js'

/**
 * Keeps the HTTP instrumentation of the application from making spans of the requests of this package. Most of them are held
 * polls, and the instrumentation would add a second `traceparent` to the request of a result.
 */
export class UnseenTransport implements Transport {
  readonly #transport: Transport
  readonly #tracing: Pick<Tracing, 'unseen'>

  constructor(transport: Transport, tracing: Pick<Tracing, 'unseen'>) {
    this.#transport = transport
    this.#tracing = tracing
  }

  send(request: HttpRequest): Promise<HttpResponse> {
    return this.#tracing.unseen(() => this.#transport.send(request))
  }

  authorize(token: string): void {
    this.#transport.authorize(token)
  }

  grow(connections: number): void {
    this.#transport.grow(connections)
  }

  reconnect(): void {
    this.#transport.reconnect()
  }

  close(): Promise<void> {
    return this.#transport.close()
  }
}
