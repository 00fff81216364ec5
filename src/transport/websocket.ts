import type { IncomingMessage } from 'node:http'
import type { WebSocket } from 'ws'
import { UnreachableError } from '../errors.js'
import { after, type Timer } from '../utils/time.js'
import type { HttpAnswer } from './exchange.js'
import type { TlsFiles } from './tls-files.js'

/** How a socket ended. */
export interface SocketEnd {
  /** The close code; 1006 when the other side did not say goodbye. */
  readonly code: number
  readonly reason: string
  /** It was cut because nothing came from the other side any more, which may not know of it yet. */
  readonly silent: boolean
}

export interface SocketListener {
  onText(text: string): void
  /** Once, whichever side ended it. */
  onClosed(end: SocketEnd): void
}

export interface SocketOptions {
  /** `http:` or `https:`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** How often the other side has to show that it is there, in ms. */
  readonly pingIntervalMs: number
  readonly tls?: TlsFiles | undefined
}

const OPEN_DEADLINE_MS = 10_000
const CLOSE_DEADLINE_MS = 1_000
/** A process that was blocked finds the pong behind its own timer: it gets this long to read it, in ms. */
const LAST_CHANCE_MS = 1_000
/** The longest message that is read, in bytes. */
const MAX_MESSAGE_BYTES = 1024 * 1024
/** The most that may wait for a server that does not read, in bytes. */
const MAX_UNSENT_BYTES = 1024 * 1024
/** How much of a refusal is read, in bytes: enough for the reason. */
const MAX_REFUSAL_BYTES = 2_000

/**
 * Opens a socket for texts. There is no reconnecting in it: who wants one again opens another.
 *
 * @returns the socket, or the answer of a server that did not upgrade
 * @throws UnreachableError when no whole answer came in time, or when it was called off
 */
export const openSocket = async (
  options: SocketOptions,
  listener: SocketListener,
  signal: AbortSignal,
): Promise<Socket | HttpAnswer> => {
  // Only a worker that wants a socket pays for loading this.
  const { WebSocket } = await import('ws')
  if (signal.aborted) throw new UnreachableError(`The socket to ${options.url} was called off`)
  const ws = new WebSocket(options.url.replace(/^http/, 'ws'), {
    headers: { ...options.headers },
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    ...(options.tls && { secureContext: options.tls.context }),
  })
  return new Promise((resolve, reject) => {
    const settle = () => {
      deadline.cancel()
      signal.removeEventListener('abort', calledOff)
      ws.off('error', broke)
    }
    const fail = (why: string, cause?: Error) => {
      settle()
      // The end of what is not open yet is an error to it.
      ws.on('error', () => {})
      ws.terminate()
      reject(new UnreachableError(`The socket to ${options.url} ${why}`, cause && { cause }))
    }
    const broke = (error: Error) => fail(`failed: ${error.message || error.name}`, error)
    const calledOff = () => fail('was called off')
    const deadline = after(OPEN_DEADLINE_MS, () => fail(`was not open after ${OPEN_DEADLINE_MS} ms`))
    signal.addEventListener('abort', calledOff)
    ws.on('error', broke)
    ws.once('open', () => {
      settle()
      resolve(new Socket(ws, options, listener))
    })
    ws.once('unexpected-response', (_request, response) => {
      readRefusal(response, (answer) => {
        resolve(answer)
        fail('was refused')
      })
    })
  })
}

const readRefusal = (response: IncomingMessage, tell: (answer: HttpAnswer) => void): void => {
  const chunks: Buffer[] = []
  let bytes = 0
  const done = () => {
    const text = Buffer.concat(chunks).toString('utf8')
    tell({ status: response.statusCode ?? 0, text, headers: response.headers })
  }
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    chunks.push(chunk)
    if (bytes > MAX_REFUSAL_BYTES) response.destroy()
  })
  response.once('error', () => {})
  response.once('close', done)
}

/** An open socket. It finds out by pings when the other side is gone without a word. */
export class Socket {
  readonly #ws: WebSocket
  readonly #pingIntervalMs: number
  #heard = true
  #watch: Timer
  #silent = false
  #reason = ''

  constructor(ws: WebSocket, { pingIntervalMs }: SocketOptions, listener: SocketListener) {
    this.#ws = ws
    this.#pingIntervalMs = pingIntervalMs
    ws.on('pong', () => {
      this.#heard = true
    })
    ws.on('message', (message, isBinary) => {
      this.#heard = true
      if (!isBinary) listener.onText(message.toString())
    })
    // What is wrong with the connection, or with what came over it; its end follows.
    ws.on('error', (error) => {
      this.#reason = error.message
    })
    ws.once('close', (code, reason) => {
      this.#watch.cancel()
      listener.onClosed({ code, reason: reason.toString() || this.#reason, silent: this.#silent })
    })
    this.#watch = this.#pingLater()
  }

  /** @returns false when it is closed, or when too much waits to be sent already */
  send(text: string): boolean {
    const ws = this.#ws
    if (ws.readyState !== ws.OPEN || ws.bufferedAmount > MAX_UNSENT_BYTES) return false
    ws.send(text)
    return true
  }

  /** Says goodbye; a server that does not answer is cut off. Resolves when it is over. */
  close(): Promise<void> {
    const ws = this.#ws
    if (ws.readyState === ws.CLOSED) return Promise.resolve()
    return new Promise((resolve) => {
      const deadline = after(CLOSE_DEADLINE_MS, () => ws.terminate())
      ws.once('close', () => {
        deadline.cancel()
        resolve()
      })
      ws.close(1000)
    })
  }

  #pingLater(): Timer {
    return after(this.#pingIntervalMs, () => {
      if (this.#heard) this.#ping()
      else this.#watch = after(LAST_CHANCE_MS, () => (this.#heard ? this.#ping() : this.#cut()))
    })
  }

  #ping(): void {
    this.#heard = false
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping()
    this.#watch = this.#pingLater()
  }

  #cut(): void {
    this.#silent = true
    this.#reason = 'no answer to a ping'
    this.#ws.terminate()
  }
}
