import { once } from 'node:events'
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  request as send,
} from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { type Fault, LIFE_HEADER, type Moment, PASS, type Plan, type SeenRequest } from './fault.js'

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** What the server has answered to a request, whether or not that is passed on as it is. */
export interface SeenAnswer {
  readonly status: number
  readonly text: string
}

interface FaultProxyOptions {
  readonly plan?: Plan
  /** Called when the server has answered, before the fault spoils that. */
  readonly onAnswer?: (seen: SeenRequest, answer: SeenAnswer, fault: Fault) => void
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default: a free one. */
  readonly port?: number
}

/**
 * Stands between a worker and its orchestrator, on real sockets, and does to each request what its plan says: HTTP is
 * understood, so that a fault hits one exchange; sockets of upgraded connections are passed through byte by byte.
 * Beside the plan it can refuse connections, cut or freeze those that are open, and let everything through again.
 */
export class FaultProxy {
  /** What is done to each request from now on. */
  plan: Plan
  /** Every request that came, in the order in which they came. */
  readonly requests: SeenRequest[] = []
  readonly #underWay = new Set<SeenRequest>()
  readonly #target: URL
  readonly #onAnswer: NonNullable<FaultProxyOptions['onAnswer']>
  readonly #host: string
  readonly #agent = new Agent({ keepAlive: true })
  readonly #sockets = new Set<Socket>()
  #server: Server
  #port: number
  /** Connections that nothing gets through any more. */
  readonly #dead = new WeakSet<Socket>()
  #frozen = false

  constructor(target: string, options: FaultProxyOptions = {}) {
    const { plan = () => PASS, onAnswer = () => {}, host = '127.0.0.1', port = 0 } = options
    this.#target = new URL(target)
    this.plan = plan
    this.#onAnswer = onAnswer
    this.#host = host
    this.#port = port
    this.#server = this.#makeServer()
  }

  /** A proxy that listens. */
  static async to(target: string, options: FaultProxyOptions = {}): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, options)
    await proxy.accept()
    return proxy
  }

  get port(): number {
    return this.#port
  }

  get url(): string {
    return `http://${this.#host}:${this.#port}`
  }

  /** The requests whose exchange is not over. */
  get underWay(): ReadonlySet<SeenRequest> {
    return this.#underWay
  }

  /** How many requests came whose path ends so; `PATCH /workers/x` counts under its method too. */
  count(method: string, pathEnd = ''): number {
    return this.requests.filter((seen) => seen.method === method && seen.path.endsWith(pathEnd)).length
  }

  /** Connections are refused, and those that are open are torn down. */
  async refuse(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    this.cut()
    await once(this.#server, 'close')
  }

  /** Connections are taken (again), on the same port. */
  async accept(): Promise<void> {
    if (this.#server.listening) return
    this.#server = this.#makeServer()
    this.#server.listen(this.#port, this.#host)
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Tears down every open connection. */
  cut(): void {
    for (const socket of this.#sockets) reset(socket)
  }

  /** The way is there and nothing gets through, as behind a firewall that drops packets. */
  freeze(): void {
    this.#frozen = true
    for (const socket of this.#sockets) this.#dead.add(socket)
  }

  /** New connections get through again. Those from before stay dead without anybody being told: half-open. */
  thaw(): void {
    this.#frozen = false
  }

  async close(): Promise<void> {
    await this.refuse()
    for (const socket of this.#sockets) socket.destroy()
    this.#agent.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #makeServer(): Server {
    const server = createServer((request, response) => {
      this.#handle(request, response).catch(() => request.socket.destroy())
    })
    server.keepAliveTimeout = 0
    server.on('connection', (socket) => this.#watch(socket))
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#tunnel(request, socket, head)
    })
    return server
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    if (this.#frozen) this.#dead.add(socket)
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    // Whatever was under way when the line went dead is never heard of again.
    if (this.#dead.has(request.socket)) return
    const seen = {
      index: this.requests.length,
      method: request.method ?? '',
      path: request.url ?? '',
      token: String(request.headers['x-worker-token'] ?? ''),
      body: body.toString(),
      life: Number(request.headers[LIFE_HEADER] ?? 0),
    }
    this.requests.push(seen)
    this.#underWay.add(seen)
    response.once('close', () => this.#underWay.delete(seen))
    await this.#do(seen, request, body, response)
  }

  async #do(
    seen: SeenRequest,
    request: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
  ): Promise<void> {
    const fault = this.plan(seen)
    if (fault.kind === 'answer') {
      answerWith(response, fault.status, fault.body ?? '', {
        'content-type': fault.type ?? 'text/plain',
        ...fault.headers,
      })
      return
    }
    if (fault.kind === 'huge') {
      answerWith(response, 200, JSON.stringify({ filler: 'x'.repeat(fault.bytes) }), {
        'content-type': 'application/json',
      })
      return
    }
    if (fault.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.ms))
    const { socket } = request
    if (isEarly(fault)) {
      breakOff(fault.kind, socket)
      return
    }
    const answer = await this.#forward(request, body, response)
    if (!answer) return
    this.#onAnswer(seen, { status: answer.status, text: answer.body.toString() }, fault)
    if (!this.#dead.has(socket)) spoil(fault, answer, response, socket)
  }

  /** `undefined`: the client went away before there was an answer, and the server is told so. */
  #forward(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<Answer | undefined> {
    return new Promise((resolve, reject) => {
      const { method = 'GET', url = '/' } = request
      const onward = send(new URL(this.#target.pathname.replace(/\/$/, '') + url, this.#target), {
        method,
        headers: withoutHops(request.headers),
        agent: this.#agent,
      })
      response.on('close', () => {
        if (response.writableFinished) return
        onward.destroy()
        resolve(undefined)
      })
      onward.on('error', reject)
      onward.on('response', (incoming) => {
        buffer(incoming).then(
          (whole) => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: whole }),
          reject,
        )
      })
      onward.end(body)
    })
  }

  #tunnel(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const upstream = connect(Number(this.#target.port), this.#target.hostname)
    const lines = Object.entries(request.headers).map(([name, value]) => `${name}: ${String(value)}`)
    upstream.write([`GET ${request.url} HTTP/1.1`, ...lines, '', ''].join('\r\n'))
    upstream.write(head)
    socket.pipe(upstream).pipe(socket)
    upstream.on('error', () => socket.destroy())
    socket.on('close', () => upstream.destroy())
    upstream.on('close', () => socket.destroy())
  }
}

/** Tears a connection down (RST). One that this end is closing already cannot be reset any more, and would stay open for ever. */
const reset = (socket: Socket): void => {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}

const isEarly = (fault: Fault): fault is Extract<Fault, { readonly when: Moment }> =>
  'when' in fault && fault.when === 'before'

const breakOff = (kind: 'close' | 'reset' | 'silence', socket: Socket): void => {
  if (kind === 'close') socket.end()
  if (kind === 'reset') reset(socket)
}

const spoil = (fault: Fault, answer: Answer, response: ServerResponse, socket: Socket): void => {
  switch (fault.kind) {
    case 'close':
    case 'reset':
    case 'silence':
      breakOff(fault.kind, socket)
      return
    case 'cut': {
      const whole = onTheWire(answer)
      socket.write(whole.subarray(0, whole.length >> 1), () => reset(socket))
      return
    }
    case 'half-close':
      socket.end(onTheWire(answer).subarray(0, 20))
      return
    case 'corrupt':
      passOn({ ...answer, body: overwritten(answer.body) }, response)
      return
    default:
      passOn(answer, response)
  }
}

const answerWith = (
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>>,
): void => {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
}

const passOn = ({ status, headers, body }: Answer, response: ServerResponse): void => {
  response.writeHead(status, withoutHops(headers)).end(body)
}

const onTheWire = ({ status, headers, body }: Answer): Buffer => {
  const lines = Object.entries({ ...withoutHops(headers), 'content-length': body.length }).map(
    ([name, value]) => `${name}: ${String(value)}`,
  )
  return Buffer.concat([Buffer.from([`HTTP/1.1 ${status} -`, ...lines, '', ''].join('\r\n')), body])
}

const overwritten = (body: Buffer): Buffer => {
  const spoiled = Buffer.from(body)
  spoiled.fill(0, spoiled.length >> 1, (spoiled.length >> 1) + 4)
  return spoiled
}

/** What belongs to one connection stays there; the length is that of the body as it is sent on. */
const withoutHops = (headers: IncomingHttpHeaders): IncomingHttpHeaders => {
  const { connection, 'transfer-encoding': _, 'content-length': __, 'keep-alive': ___, ...rest } = headers
  return rest
}
