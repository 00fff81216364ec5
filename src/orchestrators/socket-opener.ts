import { UnreachableError } from '../errors.js'
import { refusal } from '../protocol/answers.js'
import type { HttpProxy } from '../transport/proxy.js'
import type { HttpResponse } from '../transport/request-in-flight.js'
import { openSocket, Socket, type SocketListener } from '../transport/websocket.js'
import type { Link } from './link.js'
import type { Target } from './target.js'
import type { WorkerToken } from './worker-token.js'

/** Opens sockets for commands and progress to one orchestrator. */
export class SocketOpener {
  readonly #target: Target
  readonly #link: Link
  readonly #workerToken: WorkerToken
  readonly #proxy: HttpProxy | undefined
  #isClosed = false

  constructor(target: Target, link: Link, workerToken: WorkerToken, proxy: HttpProxy | undefined) {
    this.#target = target
    this.#link = link
    this.#workerToken = workerToken
    this.#proxy = proxy
  }

  /** Opens a socket. If the orchestrator refuses a short-lived token, tries once more with a new one. */
  async open(listener: SocketListener, signal: AbortSignal): Promise<Socket> {
    const workerToken = this.#workerToken
    const sent = workerToken.current
    let opened = await this.#dial(listener, signal)
    if (!(opened instanceof Socket) && workerToken.isRefused(sent, opened)) {
      await workerToken.replace(sent, opened)
      opened = await this.#dial(listener, signal)
    }
    if (opened instanceof Socket) return opened
    throw refusal('The request for a socket', opened)
  }

  /** Opens no more sockets. */
  close(): void {
    this.#isClosed = true
  }

  /** @returns the open socket, or the response that refused it */
  async #dial(listener: SocketListener, signal: AbortSignal): Promise<Socket | HttpResponse> {
    const { settings, target, tls } = this.#target
    const { detector, redactor } = this.#link
    const { workerId } = settings
    if (this.#isClosed) throw this.#closedError()
    if (detector.downgrade) throw detector.downgrade
    const opened = await openSocket(
      {
        url: target.url.replace(/\/+$/, '') + detector.protocol.socketPath(workerId),
        headers: { 'x-worker-id': workerId, 'x-worker-token': this.#workerToken.current },
        tls,
        proxy: this.#proxy,
        pingIntervalMs: settings.heartbeatIntervalMs,
        redactor,
      },
      listener,
      signal,
    )
    if (!this.#isClosed || !(opened instanceof Socket)) return opened
    await opened.close()
    throw this.#closedError()
  }

  #closedError(): UnreachableError {
    return new UnreachableError(`Socket not opened: the connection to ${this.#target.target.url} is closed`)
  }
}
