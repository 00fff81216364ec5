import type { IncomingMessage } from 'node:http'
import { isIP, type Socket as NetSocket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { WebSocket } from 'ws'
import { UnreachableError } from '../errors.js'
import { after, type Timer } from '../utils/time.js'
import { textOf } from './body-text.js'
import type { Endpoint } from './endpoint.js'
import type { HttpProxy } from './proxy.js'
import type { HttpResponse } from './request-in-flight.js'

/** How a socket ended. */
export interface SocketEnd {
  /** The close code; 1006 if the server sent none. */
  readonly code: number
  readonly reason: string
  /** The worker ended the socket because the server had stopped answering. The server may not know of the end. */
  readonly silent: boolean
}

export interface SocketListener {
  onText(text: string): void
  /** Called once, whichever side ended the socket. */
  onClosed(end: SocketEnd): void
}

export interface SocketOptions extends Endpoint {
  readonly headers: Readonly<Record<string, string>>
  /** Time between two pings, in ms. The server must send something in this time. */
  readonly pingIntervalMs: number
}

const OPEN_DEADLINE_MS = 10_000
const CLOSE_DEADLINE_MS = 1_000
/** Time to read a pong that arrived while this process was blocked, in ms: timers run before sockets. */
const PONG_GRACE_MS = 1_000
/** Longest message from the server, in bytes. */
const MAX_MESSAGE_BYTES = 1024 * 1024
/** `send` refuses a text while more bytes than this wait for a server that does not read. */
const MAX_UNSENT_BYTES = 1024 * 1024
/** Longest part of a refusal that is read, in bytes: the reason is in it. */
const MAX_REFUSAL_BYTES = 2_000

/**
 * Opens a socket for texts. It does not reconnect.
 *
 * @returns the socket, or the response of a server that refused the upgrade
 * @throws UnreachableError if no complete response arrived within 10 s, or if `signal` aborted
 */
export const openSocket = async (
  options: SocketOptions,
  listener: SocketListener,
  signal: AbortSignal,
): Promise<Socket | HttpResponse> => {
  // Only a worker that wants a socket loads this package.
  const { WebSocket } = await import('ws')
  if (signal.aborted) throw new UnreachableError(`WebSocket ${options.url} canceled before the handshake`)
  const tunnel = options.proxy && (await tunnelTo(options.url, options.proxy, signal))
  const ws = new WebSocket(options.url.replace(/^http/, 'ws'), {
    headers: { ...options.headers },
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    autoPong: false,
    ...(options.tls && { secureContext: options.tls.context }),
    ...(tunnel && { createConnection: () => overTunnel(tunnel, options) }),
  })
  return new Promise((resolve, reject) => {
    const settle = () => {
      deadline.cancel()
      signal.removeEventListener('abort', canceled)
      ws.off('error', failed)
    }
    const discard = () => {
      settle()
      // To end a handshake is an error in this library; the cause is known here.
      ws.on('error', () => {})
      ws.terminate()
    }
    const fail = (why: string, cause?: Error) => {
      discard()
      reject(new UnreachableError(`WebSocket ${options.url} ${why}`, cause && { cause }))
    }
    const failed = (error: Error) => {
      options.redactor?.cleanse(error)
      fail(`failed: ${error.message || error.name}`, error)
    }
    const canceled = () => fail('canceled during the handshake')
    const deadline = after(OPEN_DEADLINE_MS, () => fail(`not open after ${OPEN_DEADLINE_MS} ms`))
    signal.addEventListener('abort', canceled)
    ws.on('error', failed)
    ws.once('open', () => {
      settle()
      resolve(new Socket(ws, options, listener))
    })
    ws.once('unexpected-response', (_request, response) => {
      void readRefusal(response).then((refusal) => {
        resolve({ ...refusal, redactor: options.redactor })
        discard()
      })
    })
  })
}

/** @throws UnreachableError if the proxy opens no tunnel, or if `signal` aborts */
const tunnelTo = async (url: string, proxy: HttpProxy, signal: AbortSignal): Promise<NetSocket> => {
  const { openTunnel } = await import('./proxy-tunnel.js')
  const { hostname, port, protocol } = new URL(url)
  try {
    return await openTunnel(proxy, `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`, signal)
  } catch (error) {
    const why = `WebSocket ${url} (through the proxy ${proxy.shown}) failed: ${(error as Error).message}`
    throw new UnreachableError(why, { cause: error, wasSent: false })
  }
}

const overTunnel = (socket: NetSocket, { url, tls }: Endpoint): NetSocket => {
  const { protocol, hostname } = new URL(url)
  if (protocol !== 'https:') return socket
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return connectTls({
    socket,
    host,
    servername: isIP(host) === 0 ? host : '',
    ...(tls && { secureContext: tls.context }),
  })
}

/** Reads as much of the response as its reason needs. Never rejects. */
const readRefusal = (response: IncomingMessage): Promise<HttpResponse> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      chunks.push(chunk)
      if (bytes > MAX_REFUSAL_BYTES) response.destroy()
    })
    // A connection that breaks here ends the response: what arrived before is enough.
    response.once('error', () => {})
    response.once('close', () => {
      const text = textOf(Buffer.concat(chunks))
      resolve({ status: response.statusCode ?? 0, text, headers: response.headers })
    })
  })

/** An open socket. It pings the server and ends the socket if the server stops answering. */
export class Socket {
  readonly #ws: WebSocket
  readonly #pingIntervalMs: number
  /** Whether the server sent anything since the last ping. */
  #isAlive = true
  /** The next ping, or the end of the time for its pong. */
  #watch: Timer
  #isSilent = false
  #reason = ''

  constructor(ws: WebSocket, { pingIntervalMs, redactor }: SocketOptions, listener: SocketListener) {
    this.#ws = ws
    this.#pingIntervalMs = pingIntervalMs
    // A server that sends pings and reads nothing would fill the memory with pongs.
    ws.on('ping', (data) => {
      if (ws.readyState === ws.OPEN && ws.bufferedAmount <= MAX_UNSENT_BYTES) ws.pong(data)
    })
    ws.on('pong', () => {
      this.#isAlive = true
    })
    ws.on('message', (message, isBinary) => {
      this.#isAlive = true
      if (!isBinary) listener.onText(textOf(message as Buffer))
    })
    // The close event follows.
    ws.on('error', (error) => {
      this.#reason = error.message
    })
    ws.once('close', (code, reason) => {
      this.#watch.cancel()
      const text = reason.toString() || this.#reason
      listener.onClosed({ code, reason: redactor?.quote(text) ?? text, silent: this.#isSilent })
    })
    this.#watch = this.#pingLater()
  }

  /** @returns false if the socket is closed, or if too many bytes wait to be sent */
  send(text: string): boolean {
    const ws = this.#ws
    if (ws.readyState !== ws.OPEN || ws.bufferedAmount > MAX_UNSENT_BYTES) return false
    ws.send(text)
    return true
  }

  /** Closes the socket with code 1000. Resolves when it is closed, after 1 s at most. */
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
      if (this.#isAlive) this.#ping()
      else this.#watch = after(PONG_GRACE_MS, () => (this.#isAlive ? this.#ping() : this.#cut()))
    })
  }

  #ping(): void {
    this.#isAlive = false
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping()
    this.#watch = this.#pingLater()
  }

  #cut(): void {
    // A server that has begun to close the socket knows of the end.
    this.#isSilent = this.#ws.readyState === this.#ws.OPEN
    this.#reason = 'no answer to a ping'
    this.#ws.terminate()
  }
}
