import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { Inbox } from '../inbox.js'
import type { Authority } from './certificates.js'

/** One exchange that is over. */
export interface Passed {
  readonly method: string
  readonly path: string
  /** What was shown as the worker's token. */
  readonly token: string
  readonly status: number
}

/** Speaks TLS in front of a server that does not, lets in who has a certificate, and sees what passes. */
export class TlsFront {
  readonly passed = new Inbox<Passed>()
  readonly url: string
  readonly #port: number
  /** Handshakes, and requests that are no polls. */
  readonly #open = new Set<object>()
  #rest: (() => void)[] = []

  private constructor(port: number, ownPort: number) {
    this.#port = port
    this.url = `https://127.0.0.1:${ownPort}`
  }

  /** Runs until the end of the test. */
  static async start(authority: Authority, port: number): Promise<TlsFront> {
    const { certPath, keyPath } = authority.issue('server')
    const [cert, key, ca] = [certPath, keyPath, authority.caPath].map((path) => readFileSync(path))
    const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    const front = new TlsFront(port, (server.address() as AddressInfo).port)
    server.on('request', (asked, answer) => front.#pass(asked, answer))
    server.on('connection', (socket: Socket) => {
      const end = front.#begin(socket)
      socket.once('close', end)
      server.once('secureConnection', end)
    })
    return front
  }

  /** Resolves when nothing but polls is under way, and what was answered has been read. */
  async atRest(): Promise<void> {
    do {
      while (this.#open.size > 0) await new Promise<void>((resolve) => this.#rest.push(resolve))
      for (let turn = 0; turn < 2; turn++) await this.#roundTrip()
    } while (this.#open.size > 0)
  }

  async #roundTrip(): Promise<void> {
    const asked = request({ port: this.#port, path: '/_public/status', agent: false })
    asked.end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    await text(answer)
  }

  #begin(what: object): () => void {
    this.#open.add(what)
    return () => {
      this.#open.delete(what)
      for (const resume of this.#rest.splice(0)) resume()
    }
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    const { method = '', url: path = '', headers } = asked
    const end = path.endsWith('/tasks/next') ? () => {} : this.#begin(asked)
    answer.once('close', () => {
      const token = String(headers['x-worker-token'])
      this.passed.put({ method, path, token, status: answer.statusCode })
      end()
    })
    const { connection: _, ...kept } = headers
    const onward = request({ port: this.#port, method, path, headers: kept, agent: false }, (answered) => {
      answer.writeHead(answered.statusCode ?? 0, answered.headers)
      answered.pipe(answer)
    })
    onward.on('error', () => answer.destroy())
    asked.pipe(onward)
  }
}
