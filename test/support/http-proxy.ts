import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { Inbox } from './inbox.js'

/**
 * An HTTP proxy that forwards requests and opens tunnels. It knows only one server, and finds it under every name: a
 * request that reaches the server under a made-up name came through this proxy.
 */
export class HttpProxyServer {
  /** The requests, as the proxy saw them: `GET http://…` or `CONNECT host:port`. */
  readonly seen: string[] = []
  /** The same, to wait for. */
  readonly arrivals = new Inbox<string>()
  /** The `Proxy-Authorization` of each request. */
  readonly credentials: (string | undefined)[] = []
  /** What to answer instead of forwarding. */
  refusal: number | undefined
  /** Whether the proxy answers nothing. */
  isSilent = false
  readonly #server = createServer((call, answer) => this.#forward(call, answer))
  readonly #sockets = new Set<Socket>()
  readonly #targetPort: number

  private constructor(targetPort: number) {
    this.#targetPort = targetPort
  }

  /** Runs until the end of the test. */
  static async start(targetPort: number): Promise<HttpProxyServer> {
    const proxy = new HttpProxyServer(targetPort)
    proxy.#server.on('connect', (call: IncomingMessage, socket: Socket) => proxy.#tunnel(call, socket))
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    onTestFinished(() => proxy.#close())
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  #note({ method, url, headers }: IncomingMessage): void {
    this.seen.push(`${method} ${url}`)
    this.credentials.push(headers['proxy-authorization'])
    this.arrivals.put(`${method} ${url}`)
  }

  #forward(call: IncomingMessage, answer: ServerResponse): void {
    this.#note(call)
    if (this.isSilent) return
    if (this.refusal !== undefined) {
      answer.writeHead(this.refusal).end()
      return
    }
    const { pathname } = new URL(call.url ?? '')
    const { 'proxy-authorization': _, ...headers } = call.headers
    const options = {
      host: '127.0.0.1',
      port: this.#targetPort,
      path: pathname,
      method: call.method,
      headers,
    }
    const onward = request({ ...options, agent: false }, (response) => {
      answer.writeHead(response.statusCode ?? 0, response.headers)
      response.pipe(answer)
    })
    onward.on('error', () => answer.destroy())
    answer.on('close', () => onward.destroy())
    call.pipe(onward)
  }

  #tunnel(call: IncomingMessage, socket: Socket): void {
    this.#note(call)
    this.#keep(socket)
    if (this.isSilent) return
    if (this.refusal !== undefined) {
      socket.end(`HTTP/1.1 ${this.refusal} No\r\n\r\n`)
      return
    }
    const onward = connect(this.#targetPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(onward)
      onward.pipe(socket)
    })
    this.#keep(onward)
    onward.on('close', () => socket.destroy())
    socket.on('close', () => onward.destroy())
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
  }

  async #close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }
}
