import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { after } from '../../utils/time.js'
import { refuseUpgrade, workerIdOf } from './upgrade.js'

/** What a worker may send in one message. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024
/** What may wait for a worker that does not read. */
const MAX_UNSENT_BYTES = 1024 * 1024
/** How long a worker has to answer that its socket closes. */
const CLOSE_GRACE_MS = 1_000

/** What the sockets are told, and whom they ask. */
export interface SocketParts {
  /** Why this one may not have a socket: JSON for a refusal, plain for a text. */
  readonly admit: (
    headers: IncomingMessage['headers'],
    path: string,
    workerId: string | undefined,
  ) => { readonly status: number; readonly answer: string | object } | undefined
  readonly onMessage: (workerId: string, text: string) => void
}

/** The sockets, one a worker: a second one closes the first. */
export class Sockets {
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    clientTracking: true,
  })
  readonly #byWorker = new Map<string, WebSocket>()
  readonly #parts: SocketParts

  constructor(parts: SocketParts) {
    this.#parts = parts
  }

  attach(server: Server): void {
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  /** Sends a command; `false` when the worker has no socket, or does not read. */
  send(workerId: string, command: object): boolean {
    const socket = this.#byWorker.get(workerId)
    if (socket?.readyState !== socket?.OPEN || !socket || socket.bufferedAmount > MAX_UNSENT_BYTES)
      return false
    socket.send(JSON.stringify(command))
    return true
  }

  /** Closes every socket with 1001, and cuts those that do not answer. */
  async close(): Promise<void> {
    const closed = [...this.#server.clients].map((socket) => closeOf(socket))
    for (const socket of this.#server.clients) socket.close(1001, 'Server shutdown')
    const grace = after(CLOSE_GRACE_MS, () => {
      for (const socket of this.#server.clients) socket.terminate()
    })
    await Promise.all(closed)
    grace.cancel()
    this.#server.close()
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    const workerId = workerIdOf(path)
    const refusal = path.startsWith('/_worker/') && this.#parts.admit(request.headers, path, workerId)
    if (refusal) refuseUpgrade(socket, refusal.status, refusal.answer)
    else if (workerId === undefined) refuseUpgrade(socket, 404, '404: Not Found')
    else this.#server.handleUpgrade(request, socket, head, (open) => this.#welcome(workerId, open))
  }

  #welcome(workerId: string, socket: WebSocket): void {
    // The real 1.0b8 loses the newcomer here together with the one it closes; what it means to do is done instead.
    this.#byWorker.get(workerId)?.close(1008, 'New connection established')
    this.#byWorker.set(workerId, socket)
    socket.on('message', (bytes, isBinary) => {
      if (!isBinary) this.#parts.onMessage(workerId, bytes.toString())
    })
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      if (this.#byWorker.get(workerId) === socket) this.#byWorker.delete(workerId)
    })
  }
}

const closeOf = (socket: WebSocket): Promise<void> =>
  new Promise((resolve) => socket.once('close', () => resolve()))
