import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
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
  /** What a result is answered; `never` leaves it without an answer. */
  resultAnswer: number | 'never' = 200
  readonly deliveries: Delivery[] = []
  readonly heartbeats: Record<string, unknown>[] = []
  readonly registrations: Record<string, unknown>[] = []
  readonly #tasks: object[] = []
  readonly #polls: ServerResponse[] = []
  readonly #server = createServer((request, response) => void this.#answer(request, response))
  #count = 0

  static async start(): Promise<StandIn> {
    const standIn = new StandIn()
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
    const body = (await json(request)) as Record<string, unknown>
    if (path.endsWith('/tasks/result')) this.#take(body as unknown as Delivery, response)
    else {
      ;(request.method === 'POST' ? this.registrations : this.heartbeats).push(body)
      say(response, 200, { status: 'registered' })
    }
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
    if (this.resultAnswer === 200) say(response, 200, { status: 'result_accepted_success' })
    else say(response, this.resultAnswer, { error: 'Job not found' })
  }
}

const say = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
