import type { IncomingHttpHeaders } from 'node:http'
import type { AppParts } from '../app-parts.js'
import { WORKER_TOKEN_HEADER } from '../classic-auth.js'
import { RXON_VERSION_HEADER } from '../generation.js'
import type { Refusal } from '../refusal.js'
import type { Message } from '../rxon/message-verifier.js'
import { readSocketMessage } from './socket-message.js'

/** Why a worker gets no socket. The body is sent as JSON if it is an object, else as text. */
export interface SocketRefusal {
  readonly status: number
  readonly body: string | object
}

/** Decides which workers get a socket, and handles their messages, in both generations. */
export class SocketProtocol {
  readonly #parts: AppParts

  constructor(parts: AppParts) {
    this.#parts = parts
  }

  refusalOf(
    headers: IncomingHttpHeaders,
    path: string,
    workerId: string | undefined,
  ): SocketRefusal | undefined {
    const { classicAuth, rxonAuth } = this.#parts
    const token = headers[WORKER_TOKEN_HEADER.toLowerCase()] as string | undefined
    if (this.#speaksRxon(headers, workerId)) {
      const identified = rxonAuth.authenticate(token, workerId, 'websocket_auth')
      return typeof identified === 'string'
        ? undefined
        : { status: identified.status, body: identified.error }
    }
    const refusal = classicAuth.refusalOf({ token, workerId, countedAs: workerId ?? 'unknown', path })
    return refusal && { status: refusal.status, body: { error: refusal.error } }
  }

  /** Returns why a message is invalid, or `undefined`. */
  receive(workerId: string, text: string): Refusal | undefined {
    const message = readSocketMessage(text)
    if (message?.kind === 'progress') {
      const { jobId, taskId, progress } = message
      this.#parts.progress.take(workerId, jobId, taskId, progress)
      return undefined
    }
    return message && this.#parts.settings.generation !== 'classic'
      ? this.#receiveEvent(workerId, message)
      : undefined
  }

  /** A socket sends no responses. An event that is refused, or cannot be signed at all, is dropped if it is well-formed. */
  #receiveEvent(workerId: string, message: Message): Refusal | undefined {
    try {
      const reply = this.#parts.receiver.receive(workerId, message)
      return 'error' in reply && reply.status === 400 ? reply : undefined
    } catch (error) {
      if (error instanceof RangeError) return undefined
      throw error
    }
  }

  #speaksRxon(headers: IncomingHttpHeaders, workerId = ''): boolean {
    const { settings, workers } = this.#parts
    const { generation } = settings
    if (generation !== 'auto') return generation === 'rxon'
    return (
      headers[RXON_VERSION_HEADER.toLowerCase()] !== undefined || workers.get(workerId)?.generation === 'rxon'
    )
  }
}
