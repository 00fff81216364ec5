import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { after } from '../../utils/time.js'
import type { AllowedHosts } from '../access/allowed-hosts.js'
import type { SocketProtocol } from './socket-protocol.js'
import { refuseUpgrade, workerIdOf } from './upgrade.js'

/** The longest message that a worker may send, in bytes. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024
/** How much may wait for a worker that does not read, in bytes. */
const MAX_UNSENT_BYTES = 1024 * 1024
/** How long a worker has to confirm that its socket closes, in ms. */
const CLOSE_GRACE_MS = 1_000

/** Handles requests for a socket instead of the orchestrator. */
export interface UpgradeGate {
  upgrade(request: IncomingMessage, socket: Duplex, pass: () => void): void
}

/** The sockets of the workers, one for each worker: a second socket closes the first. */
export class Sockets {
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    clientTracking: true,
    // See #pong.
    autoPong: false,
  })
  readonly #byWorker = new Map<string, WebSocket>()
  #isClosing = false

  attach(server: Server, hosts: AllowedHosts, protocol: SocketProtocol, faults?: UpgradeGate): void {
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy())
      const refusal = hosts.refusalOf(request)
      if (refusal) refuseUpgrade(socket, refusal.status, { error: refusal.error })
      else if (faults) faults.upgrade(request, socket, () => this.#upgrade(protocol, request, socket, head))
      else this.#upgrade(protocol, request, socket, head)
    })
  }

  /** Sends a command; returns `false` if the worker has no socket, or does not read. */
  send(workerId: string, command: object): boolean {
    const socket = this.#byWorker.get(workerId)
    if (socket?.readyState !== socket?.OPEN || !socket || socket.bufferedAmount > MAX_UNSENT_BYTES)
      return false
    socket.send(JSON.stringify(command))
    return true
  }

  /** Ends every socket without a goodbye. */
  drop(): void {
    for (const socket of this.#server.clients) socket.terminate()
  }

  /** Closes every socket with code 1001, terminates those that do not respond, and opens no more. */
  async close(): Promise<void> {
    this.#isClosing = true
    const closed = [...this.#server.clients].map((socket) => closeOf(socket))
    for (const socket of this.#server.clients) socket.close(1001, 'Server shutdown')
    const grace = after(CLOSE_GRACE_MS, () => {
      for (const socket of this.#server.clients) socket.terminate()
    })
    await Promise.all(closed)
    grace.cancel()
    this.#server.close()
  }

  #upgrade(protocol: SocketProtocol, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    const workerId = workerIdOf(path)
    const refusal = path.startsWith('/_worker/') && protocol.refusalOf(request.headers, path, workerId)
    // The HTTP server would wait for a socket that opens now, and nothing would close it.
    if (this.#isClosing) refuseUpgrade(socket, 503, 'The orchestrator is closing')
    else if (refusal) refuseUpgrade(socket, refusal.status, refusal.body)
    else if (workerId === undefined) refuseUpgrade(socket, 404, '404: Not Found')
    else this.#server.handleUpgrade(request, socket, head, (open) => this.#opened(protocol, workerId, open))
  }

  #opened(protocol: SocketProtocol, workerId: string, socket: WebSocket): void {
    // Orchestrator 1.0b8 loses the new socket together with the old one. This one keeps the new one, as intended there.
    this.#byWorker.get(workerId)?.close(1008, 'New connection established')
    this.#byWorker.set(workerId, socket)
    socket.on('message', (bytes, isBinary) => {
      if (!isBinary) this.#receive(protocol, workerId, socket, bytes.toString())
    })
    socket.on('ping', (payload) => this.#pong(socket, payload))
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      if (this.#byWorker.get(workerId) === socket) this.#byWorker.delete(workerId)
    })
  }

  /** No message ends the process: a bug costs the socket that met it, and is reported. */
  #receive(protocol: SocketProtocol, workerId: string, socket: WebSocket, text: string): void {
    try {
      if (protocol.receive(workerId, text)) socket.close(1008, 'Invalid message')
    } catch (error) {
      process.emitWarning(
        `A socket message to the dev orchestrator failed: ${error instanceof Error && error.stack}`,
      )
      socket.close(1011, 'Internal error')
    }
  }

  /** A worker that sends pings and reads no pongs would fill the memory. */
  #pong(socket: WebSocket, payload: Buffer): void {
    if (socket.bufferedAmount > MAX_UNSENT_BYTES) socket.terminate()
    else if (socket.readyState === socket.OPEN) socket.pong(payload)
  }
}

const closeOf = (socket: WebSocket): Promise<void> =>
  new Promise((resolve) => socket.once('close', () => resolve()))
