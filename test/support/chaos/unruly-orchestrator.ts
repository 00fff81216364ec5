import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { WebSocketServer } from 'ws'
import type { Generation } from '../generations.js'
import type { Endpoint, Exchange, WrongAnswer } from './wrong-answers.js'
import type { WrongSocket } from './wrong-sockets.js'

/** How long a poll is held, in ms: short, so that requests keep coming. */
const HOLD_MS = 100

/** An orchestrator that answers rightly, unless it is told to answer the next requests wrongly. */
export class UnrulyOrchestrator {
  /** The tasks that a right answer brought, and that have no result. Each of them needs one. */
  readonly unanswered = new Set<string>()
  /** How many results were taken. */
  taken = 0
  /** How many requests were answered wrongly. */
  wrong = 0
  /** How many heartbeats still get the answer for an unknown worker. */
  forgets = 0
  readonly #generation: Generation
  readonly #server = createServer((request, response) => void this.#answer(request, response))
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly #open = new Set<Duplex>()
  readonly #holds = new Set<NodeJS.Timeout>()
  readonly #waiting: (() => void)[] = []
  readonly #plans = new Map<Endpoint, { answer: WrongAnswer; times: number }>()
  #socketPlan: WrongSocket | undefined
  #offers = 0
  #made = 0

  private constructor(generation: Generation) {
    this.#generation = generation
    this.#server.on('connection', (socket) => {
      this.#open.add(socket)
      socket.on('close', () => this.#open.delete(socket))
      // The worker may reset a connection whose answer it cannot read.
      socket.on('error', () => {})
    })
    this.#server.on('upgrade', (request, socket, first) => this.#upgrade(request, socket, first))
    this.#server.on('clientError', (_, socket) => socket.destroy())
  }

  static async start(generation: Generation): Promise<UnrulyOrchestrator> {
    const orchestrator = new UnrulyOrchestrator(generation)
    orchestrator.#server.listen(0, '127.0.0.1')
    await once(orchestrator.#server, 'listening')
    return orchestrator
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The next polls bring this many tasks. */
  offer(count: number): void {
    this.#offers += count
  }

  /** Answers the next requests for an endpoint wrongly. */
  plan(endpoint: Endpoint, answer: WrongAnswer, times: number): void {
    this.#plans.set(endpoint, { answer, times })
  }

  /** Treats the next request for a socket wrongly, and ends the sockets that are open. */
  planSocket(wrong: WrongSocket): void {
    this.#socketPlan = wrong
    for (const socket of this.#sockets.clients) socket.terminate()
  }

  /** From now on every answer is right. */
  behave(): void {
    this.#plans.clear()
    this.#socketPlan = undefined
    this.forgets = 0
  }

  /** Resolves after this many more requests. */
  async requests(count: number): Promise<void> {
    for (let n = 0; n < count; n++) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  async close(): Promise<void> {
    for (const hold of this.#holds) clearTimeout(hold)
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#server.close()
    for (const socket of this.#open) socket.destroy()
    await once(this.#server, 'close')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request).catch(() => undefined)
    for (const resume of this.#waiting.splice(0)) resume()
    // The worker gave the request up, or sent it on a connection that a wrong answer has ended meanwhile.
    if (body === undefined || !request.socket.writable) return
    const endpoint = endpointOf(request)
    const plan = this.#plans.get(endpoint)
    if (!plan) {
      this.#rightly({ endpoint, request, response, right: () => '' }, body)
      return
    }
    if (--plan.times <= 0) this.#plans.delete(endpoint)
    this.wrong++
    // What a wrong answer brings may be lost on the way. Nobody has to answer for it.
    plan.answer.answer({ endpoint, request, response, right: () => this.#text(endpoint, false) })
    // The worker may take any answer with a status for an acknowledgement, and these two for a repeat and for a refusal.
    if (endpoint === 'result') this.unanswered.delete(taskIdIn(body))
  }

  #rightly({ endpoint, response }: Exchange, body: string): void {
    const headers = this.#generation === 'rxon' ? { 'x-rxon-version': '1.0b12' } : {}
    if (endpoint === 'heartbeat' && this.forgets > 0) {
      this.forgets--
      response.writeHead(404, headers).end('{"error":"Worker not found"}')
    } else if (endpoint === 'token' && this.#generation === 'classic') response.writeHead(404, headers).end()
    else if (endpoint === 'event' && this.#generation === 'classic') response.writeHead(404, headers).end()
    else if (endpoint === 'poll' && this.#offers === 0) this.#hold(response)
    else
      response
        .writeHead(200, { 'content-type': 'application/json', ...headers })
        .end(this.#text(endpoint, true))
    if (endpoint !== 'result') return
    this.taken++
    this.unanswered.delete(taskIdIn(body))
  }

  #hold(response: ServerResponse): void {
    const hold = setTimeout(() => {
      this.#holds.delete(hold)
      response.writeHead(204).end()
    }, HOLD_MS)
    this.#holds.add(hold)
  }

  /** @param counts - whether a task in it needs a result */
  #text(endpoint: Endpoint, counts: boolean): string {
    switch (endpoint) {
      case 'poll':
        return this.#task(counts)
      case 'result':
        return '{"status":"result_accepted_success"}'
      case 'token':
        return '{"access_token":"short-lived","expires_in":3600}'
      case 'event':
        return '{"status":"event_accepted"}'
      default:
        return '{"status":"ok"}'
    }
  }

  #task(counts: boolean): string {
    if (this.#offers > 0) this.#offers--
    const taskId = `t${++this.#made}`
    if (counts) this.unanswered.add(taskId)
    return JSON.stringify({
      job_id: `j${this.#made}`,
      task_id: taskId,
      type: 'echo',
      params: { n: this.#made },
    })
  }

  #upgrade(request: IncomingMessage, socket: Duplex, first: Buffer): void {
    socket.on('error', () => {})
    const plan = this.#socketPlan
    this.#socketPlan = undefined
    if (!plan) {
      this.#sockets.handleUpgrade(request, socket, first, (opened) => void opened.on('error', () => {}))
      return
    }
    this.wrong++
    plan.treat(request, socket)
  }
}

const taskIdIn = (body: string): string => {
  const { task_id: taskId } = JSON.parse(body)
  return String(taskId)
}

const endpointOf = ({ url = '', method }: IncomingMessage): Endpoint => {
  if (url.endsWith('/tasks/next')) return 'poll'
  if (url.endsWith('/tasks/result')) return 'result'
  if (url.endsWith('/workers/register')) return 'registration'
  if (url.endsWith('/events')) return 'event'
  if (url.includes('/auth/token')) return 'token'
  return method === 'PATCH' ? 'heartbeat' : 'probe'
}
