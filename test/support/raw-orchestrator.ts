import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

/** Which request of the wire a call is. */
export type CallKind = 'registration' | 'heartbeat' | 'poll' | 'result' | 'other'

export interface Call {
  readonly kind: CallKind
  readonly path: string
  readonly headers: IncomingMessage['headers']
  // biome-ignore lint/suspicious/noExplicitAny: whatever came; each test says what it expects.
  readonly body: any
  /** The body as it came. */
  readonly text: string
  /** Resolves when the exchange is over, however it ended. */
  readonly closed: Promise<unknown>
}

export interface Reply {
  readonly status?: number
  /** A text or a buffer goes as it is, anything else as JSON. */
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/** Answers a request to upgrade in a way of its own. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** `hold`: no answer, for ever · `reset`: the connection breaks · `cut`: it breaks in the middle of the answer. */
type Script = (call: Call) => Reply | 'hold' | 'reset' | 'cut' | Promise<Reply>

const kindOf = ({ method, url = '' }: IncomingMessage): CallKind => {
  if (method === 'POST' && url.endsWith('/workers/register')) return 'registration'
  if (method === 'POST' && url.endsWith('/tasks/result')) return 'result'
  if (method === 'PATCH') return 'heartbeat'
  return url.endsWith('/tasks/next') ? 'poll' : 'other'
}

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

/**
 * A server that answers as its test says, so that it can do what no orchestrator should. Unless told otherwise it takes
 * registrations, heartbeats and results, and holds polls until there is an offer.
 */
export class RawOrchestrator {
  readonly #server = createServer((call, answer) => void this.#receive(call, answer))
  readonly #scripts = new Map<CallKind, Script>()
  readonly #held: ((reply: Reply) => void)[] = []
  readonly #offers: Reply[] = []
  readonly #seen: Call[] = []
  readonly #waiting: (() => void)[] = []
  readonly #taken = new Map<CallKind, number>()
  readonly #upgraded: Duplex[] = []
  #openPolls = 0
  #made = 0
  /** The most polls that were ever open at once. */
  mostPolls = 0
  /** Told of each call when it comes. */
  onCall: (call: Call) => void = () => {}

  /** Listens on `port`, or on a free one. */
  static async start(port = 0): Promise<RawOrchestrator> {
    const orchestrator = new RawOrchestrator()
    orchestrator.#server.keepAliveTimeout = 0
    orchestrator.#server.listen(port, '127.0.0.1')
    await once(orchestrator.#server, 'listening')
    onTestFinished(() => orchestrator.close())
    return orchestrator
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get openPolls(): number {
    return this.#openPolls
  }

  /** Every call so far, or those of one kind. */
  calls(kind?: CallKind): readonly Call[] {
    return kind === undefined ? this.#seen : this.#seen.filter((call) => call.kind === kind)
  }

  /** Answers each call of this kind by `script` from now on; a reply, or a word, stands for itself. */
  answers(kind: CallKind, script: Script | Reply | 'hold' | 'reset' | 'cut'): void {
    this.#scripts.set(kind, typeof script === 'function' ? script : () => script)
  }

  /** Answers each request for a socket. */
  upgrades(answer: Upgrade): void {
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => {})
      this.#upgraded.push(socket)
      answer(request, socket, head)
    })
  }

  /** Answers as it did at first. */
  behaves(kind: CallKind): void {
    this.#scripts.delete(kind)
  }

  /** The first call of this kind that fits, after the last one that was waited for. */
  async next(kind: CallKind, fits: (call: Call) => boolean = () => true): Promise<Call> {
    for (;;) {
      const call = this.#take(kind)
      if (!call) await new Promise<void>((resolve) => this.#waiting.push(resolve))
      else if (fits(call)) return call
    }
  }

  /** As {@link next}, once the worker has had the answer too. */
  async answered(kind: CallKind, fits?: (call: Call) => boolean): Promise<Call> {
    const call = await this.next(kind, fits)
    await call.closed
    await this.fence()
    return call
  }

  #take(kind: CallKind): Call | undefined {
    const taken = this.#taken.get(kind) ?? 0
    const call = this.calls(kind)[taken]
    if (call) this.#taken.set(kind, taken + 1)
    return call
  }

  /** Gives a task to a poll that is held, or to the next one. */
  offer(taskName: string, params: unknown = {}, taskId = `t${++this.#made}`): string {
    const body = { job_id: `job of ${taskId}`, task_id: taskId, type: taskName, params, tracing_context: {} }
    this.endPoll({ status: 200, body })
    return taskId
  }

  /** Answers one poll that is held, or the next one. */
  endPoll(reply: Reply = { status: 204 }): void {
    const answer = this.#held.shift()
    if (answer) answer(reply)
    else this.#offers.push(reply)
  }

  /** Comes back when whatever was sent to it before this has been read. */
  async fence(): Promise<void> {
    for (let turn = 0; turn < 2; turn++) {
      const call = request(`${this.url}/fence`, { agent: false })
      call.end()
      const [answer] = (await once(call, 'response')) as [IncomingMessage]
      await text(answer)
    }
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    this.#server.closeAllConnections()
    for (const socket of this.#upgraded) socket.destroy()
    await once(this.#server, 'close')
  }

  async #receive(message: IncomingMessage, answer: ServerResponse): Promise<void> {
    const closed = once(answer, 'close')
    const sent = await text(message).catch(() => '')
    const body = parsed(sent)
    const kind = kindOf(message)
    const call = { kind, path: message.url ?? '', headers: message.headers, body, text: sent, closed }
    if (kind === 'poll') this.#count(call)
    if (call.path !== '/fence') {
      this.#seen.push(call)
      this.onCall(call)
    }
    for (const resume of this.#waiting.splice(0)) resume()
    const script = this.#scripts.get(kind)
    send(answer, script ? await script(call) : await this.#asItShould(call))
  }

  #count(poll: Call): void {
    this.#openPolls++
    this.mostPolls = Math.max(this.mostPolls, this.#openPolls)
    void poll.closed.then(() => {
      this.#openPolls--
    })
  }

  #asItShould(call: Call): Reply | Promise<Reply> {
    if (call.kind === 'registration') return { body: { status: 'registered' } }
    if (call.kind === 'result') return { body: { status: 'result_accepted_success' } }
    // As the first generation, which knows no events.
    if (call.path.endsWith('/_worker/events')) return { status: 404, body: '404: Not Found' }
    return call.kind === 'poll' ? this.#hold(call) : { body: {} }
  }

  #hold({ closed }: Call): Reply | Promise<Reply> {
    const offer = this.#offers.shift()
    if (offer) return offer
    return new Promise((resolve) => {
      this.#held.push(resolve)
      void closed.then(() => {
        const index = this.#held.indexOf(resolve)
        if (index >= 0) this.#held.splice(index, 1)
      })
    })
  }
}

const send = (answer: ServerResponse, reply: Reply | 'hold' | 'reset' | 'cut'): void => {
  if (reply === 'hold') return
  if (reply === 'reset') {
    answer.destroy()
    return
  }
  if (reply === 'cut') {
    answer.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 })
    answer.write('{"job_id":', () => answer.destroy())
    return
  }
  const { status = 200, body, headers = {} } = reply
  const isText = typeof body === 'string' || Buffer.isBuffer(body)
  answer.writeHead(status, { 'content-type': isText ? 'text/html' : 'application/json', ...headers })
  answer.end(isText || body === undefined ? body : JSON.stringify(body))
}
