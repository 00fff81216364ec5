import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import type { Generation } from '../../support/generations.js'
import { eventually } from '../../support/interop/eventually.js'

/** A result as it came in. */
export interface Delivery {
  readonly task_id: string
  readonly worker_id: string
  readonly result: {
    readonly status: string
    readonly error?: { code: string; message: string }
    readonly data?: object
  }
}

/**
 * As much of an orchestrator as a worker needs, of which a test decides every answer: what results are answered, and
 * what each heartbeat said.
 */
export class StandIn {
  /** Whether it shows which generation of the wire it speaks. */
  showsItself = true
  /** How often it was asked for that. */
  probes = 0
  /** What a result is answered; `never` leaves it without an answer. */
  resultAnswer: number | 'never' | ((delivery: Delivery) => number) = 200
  readonly deliveries: Delivery[] = []
  readonly heartbeats: Record<string, unknown>[] = []
  readonly registrations: Record<string, unknown>[] = []
  readonly #tasks: object[] = []
  readonly #polls: ServerResponse[] = []
  readonly #server = createServer((request, response) => void this.#answer(request, response))
  #count = 0

  readonly #generation: Generation

  private constructor(generation: Generation) {
    this.#generation = generation
  }

  static async start(generation: Generation = 'classic'): Promise<StandIn> {
    const standIn = new StandIn(generation)
    standIn.#server.listen(0, '127.0.0.1')
    await once(standIn.#server, 'listening')
    onTestFinished(() => {
      standIn.#server.close()
      standIn.#server.closeAllConnections()
    })
    return standIn
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get openPolls(): number {
    return this.#polls.length
  }

  /** Gives a task to whoever polls next; returns its id. */
  offer(type: string, params: object = {}): string {
    const id = `task-${++this.#count}`
    const task = { job_id: `job-of-${id}`, task_id: id, type, params }
    const poll = this.#polls.shift()
    if (poll) say(poll, 200, task)
    else this.#tasks.push(task)
    return id
  }

  /** The deliveries of one task, once there are as many. */
  async delivered(taskId: string, times = 1): Promise<Delivery[]> {
    const found = () => this.deliveries.filter(({ task_id }) => task_id === taskId)
    await eventually(
      `${taskId} is delivered ${times} times`,
      () => found().length >= times,
      {},
      () => this.deliveries,
    )
    return found()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    if (path.endsWith('/tasks/next')) {
      this.#poll(response)
      return
    }
    if (path === '/_public/status') {
      this.#show(response)
      return
    }
    const bytes = await text(request)
    const body = bytes === '' ? undefined : JSON.parse(bytes)
    if (path.endsWith('/tasks/result')) this.#take(this.#read(body), response)
    else if (path.endsWith('/events')) say(response, this.showsItself ? NO_EVENT[this.#generation] : 503, {})
    // Asks whether it is known; the second generation's workers do.
    else if (body === undefined) say(response, 200, { status: 'ttl_refreshed' })
    else {
      ;(request.method === 'POST' ? this.registrations : this.heartbeats).push(body)
      say(response, 200, { status: 'registered' })
    }
  }

  #show(response: ServerResponse): void {
    this.probes++
    if (this.showsItself && this.#generation === 'rxon') response.setHeader('x-rxon-version', '1.0b17')
    say(response, this.showsItself ? 200 : 503, { status: 'ok' })
  }

  /** The second generation's results are flat. */
  #read({ task_id, worker_id, ...rest }: Delivery & Delivery['result']): Delivery {
    return { task_id, worker_id, result: this.#generation === 'rxon' ? rest : rest.result }
  }

  #poll(response: ServerResponse): void {
    const task = this.#tasks.shift()
    if (task) {
      say(response, 200, task)
      return
    }
    this.#polls.push(response)
    response.once('close', () => {
      const at = this.#polls.indexOf(response)
      if (at >= 0) this.#polls.splice(at, 1)
    })
  }

  #take(delivery: Delivery, response: ServerResponse): void {
    this.deliveries.push(delivery)
    if (this.resultAnswer === 'never') return
    const status = typeof this.resultAnswer === 'function' ? this.resultAnswer(delivery) : this.resultAnswer
    if (status === 200) say(response, 200, { status: 'result_accepted_success' })
    else say(response, status, { error: 'Job not found' })
  }
}

/** What each generation answers to an event that says nothing. */
const NO_EVENT = { classic: 404, rxon: 403 } as const

const say = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
