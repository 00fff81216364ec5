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

interface Poll {
  readonly workerId: string
  readonly response: ServerResponse
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
  /** How long it holds a poll before it answers with nothing, in ms. */
  holdMs: number | undefined
  /** Whom it knows no token of. */
  stranger = ''
  /** How often it has said so. */
  refusals = 0
  readonly deliveries: Delivery[] = []
  /** Each with the id that it came under. */
  readonly heartbeats: Record<string, unknown>[] = []
  readonly registrations: Record<string, unknown>[] = []
  readonly #tasks: object[] = []
  readonly #polls: Poll[] = []
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

  /** How many polls one worker has open. */
  pollsOf(workerId: string): number {
    return this.#polls.filter((poll) => poll.workerId === workerId).length
  }

  /** The last heartbeat of one worker. */
  lastOf(workerId: string): Record<string, unknown> | undefined {
    return this.heartbeats.findLast(({ worker_id }) => worker_id === workerId)
  }

  /** Gives a task to whoever polls next, or to the one poll that is open of one worker; returns its id. */
  offer(type: string, params: object = {}, workerId?: string): string {
    const id = `task-${++this.#count}`
    const task = { job_id: `job-of-${id}`, task_id: id, type, params }
    const poll = this.#takePoll(workerId)
    if (poll) say(poll.response, 200, task)
    else if (workerId === undefined) this.#tasks.push(task)
    else throw new Error(`${workerId} has no poll open`)
    return id
  }

  /** Answers a poll of one worker with nothing. */
  endPoll(workerId: string): void {
    this.#takePoll(workerId)?.response.writeHead(204).end()
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
      this.#poll({ workerId: idIn(path), response })
      return
    }
    if (path === '/_public/status') {
      this.#show(response)
      return
    }
    const bytes = await text(request)
    const body = bytes === '' ? undefined : JSON.parse(bytes)
    this.#hear(request, body, response)
  }

  #hear(
    { method, url: path = '', headers }: IncomingMessage,
    // biome-ignore lint/suspicious/noExplicitAny: whatever came; each test says what it expects.
    body: any,
    response: ServerResponse,
  ): void {
    if (headers['x-worker-id'] === this.stranger) this.#refuse(response)
    else if (path.endsWith('/tasks/result')) this.#take(this.#read(body), response)
    else if (path.endsWith('/events')) say(response, this.showsItself ? NO_EVENT[this.#generation] : 503, {})
    // Asks whether it is known; the second generation's workers do.
    else if (body === undefined) say(response, 200, { status: 'ttl_refreshed' })
    else {
      if (method === 'POST') this.registrations.push(body)
      else this.heartbeats.push({ ...body, worker_id: idIn(path) })
      say(response, 200, { status: 'registered' })
    }
  }

  #refuse(response: ServerResponse): void {
    this.refusals++
    say(response, 401, { error: 'Unauthorized' })
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

  #takePoll(workerId?: string): Poll | undefined {
    const at = this.#polls.findIndex((poll) => workerId === undefined || poll.workerId === workerId)
    return at < 0 ? undefined : this.#polls.splice(at, 1)[0]
  }

  #poll(poll: Poll): void {
    const { response } = poll
    const task = this.#tasks.shift()
    if (task) {
      say(response, 200, task)
      return
    }
    this.#polls.push(poll)
    const giveUp = this.holdMs && setTimeout(() => this.endPoll(poll.workerId), this.holdMs)
    response.once('close', () => {
      clearTimeout(giveUp)
      const at = this.#polls.indexOf(poll)
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

/** The worker's id, where a path names one. */
const idIn = (path: string): string => /\/workers\/([^/]+)/.exec(path)?.[1] ?? ''

/** What each generation answers to an event that says nothing. */
const NO_EVENT = { classic: 404, rxon: 403 } as const

const say = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
