import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import type { Generation } from '../../support/generations.js'
import { eventually } from '../../support/interop/eventually.js'

/** A result as the worker sent it. */
export interface Delivery {
  readonly task_id: string
  readonly worker_id: string
  readonly result: {
    readonly status: string
    readonly error?: { code: string; message: string }
    readonly data?: object
  }
}

/** `undefined`: the worker died before it had sent everything. */
const wholeBody = async (request: IncomingMessage): Promise<string | undefined> => {
  try {
    return await text(request)
  } catch (error) {
    if (!request.complete) return undefined
    throw error
  }
}

interface Poll {
  readonly workerId: string
  readonly response: ServerResponse
}

/** A minimal orchestrator. The test decides its answers, and reads what the worker sent. */
export class StandIn {
  /** Whether it answers the question which generation of the protocol it speaks. */
  showsGeneration = true
  /** How often a worker asked for the generation. */
  generationProbes = 0
  /** The status of the answer to a result; `never`: no answer. */
  resultAnswer: number | 'never' | ((delivery: Delivery) => number) = 200
  /** The status of the answer to a registration. */
  registrationAnswer = 200
  /** After this time an open poll ends without a task, in ms; `undefined`: never. */
  holdMs: number | undefined
  /** The worker id whose requests are refused with 401. */
  refusedWorker = ''
  /** How many requests were refused, with any status. */
  refusals = 0
  /** The worker id whose heartbeats are answered with 503. */
  failingHeartbeatsOf = ''
  /** Heartbeats, and questions whether a worker is known, are answered when this has resolved. */
  gate: Promise<void> | undefined
  /** How often a worker asked whether it is known. */
  livenessChecks = 0
  readonly deliveries: Delivery[] = []
  /** The bodies of all heartbeats, each with the `worker_id` that sent it. */
  readonly heartbeats: Record<string, unknown>[] = []
  readonly registrations: Record<string, unknown>[] = []
  /** How many registrations came before each delivery. */
  readonly registrationsAtDelivery: number[] = []
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

  /** How many polls are open under one worker id. */
  openPollsOf(workerId: string): number {
    return this.#polls.filter((poll) => poll.workerId === workerId).length
  }

  /** The last heartbeat of one worker id. */
  lastHeartbeat(workerId: string): Record<string, unknown> | undefined {
    return this.heartbeats.findLast(({ worker_id }) => worker_id === workerId)
  }

  /** Resolves when the last heartbeat of a worker id has this status. */
  async untilHeartbeat(workerId: string, status: string): Promise<void> {
    await eventually(
      `a heartbeat of ${workerId} says ${status}`,
      () => this.lastHeartbeat(workerId)?.['status'] === status,
      {},
      () => this.heartbeats,
    )
  }

  /** Resolves when a poll is open under a worker id. */
  async untilPoll(workerId: string): Promise<void> {
    await eventually(`a poll of ${workerId} is open`, () => this.openPollsOf(workerId) > 0)
  }

  /** Gives a task to the next poll, or to an open poll of one worker id. Returns the task's id. */
  offer(type: string, params: object = {}, workerId?: string): string {
    const id = `task-${++this.#count}`
    const task = { job_id: `job-of-${id}`, task_id: id, type, params }
    const poll = this.#takePoll(workerId)
    if (poll) say(poll.response, 200, task)
    else if (workerId === undefined) this.#tasks.push(task)
    else throw new Error(`${workerId} has no poll open`)
    return id
  }

  /** Ends an open poll of one worker id without a task. */
  endPoll(workerId: string): void {
    this.#takePoll(workerId)?.response.writeHead(204).end()
  }

  /** Waits for that many deliveries of a task, and returns them. */
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
    const bytes = await wholeBody(request)
    if (bytes === undefined) return
    const body = bytes === '' ? undefined : JSON.parse(bytes)
    this.#handle(request, body, response)
  }

  #handle(
    { method, url: path = '', headers }: IncomingMessage,
    // biome-ignore lint/suspicious/noExplicitAny: the body of any request; each test checks its own.
    body: any,
    response: ServerResponse,
  ): void {
    if (headers['x-worker-id'] === this.refusedWorker) this.#refuse(response, 401)
    else if (path.endsWith('/tasks/result')) this.#take(this.#read(body), response)
    else if (path.endsWith('/events'))
      say(response, this.showsGeneration ? NO_EVENT[this.#generation] : 503, {})
    // A worker of the second generation asks whether the orchestrator knows it.
    else if (body === undefined) {
      this.livenessChecks++
      void this.#sayLater(response, { status: 'ttl_refreshed' })
    } else if (method === 'POST') {
      this.registrations.push(body)
      say(response, this.registrationAnswer, { status: 'registered' })
    } else {
      this.heartbeats.push({ ...body, worker_id: idIn(path) })
      if (idIn(path) === this.failingHeartbeatsOf) this.#refuse(response, 503)
      else void this.#sayLater(response, { status: 'ok' })
    }
  }

  async #sayLater(response: ServerResponse, body: object): Promise<void> {
    await this.gate
    say(response, 200, body)
  }

  #refuse(response: ServerResponse, status: 401 | 503): void {
    this.refusals++
    say(response, status, { error: 'Refused' })
  }

  #show(response: ServerResponse): void {
    this.generationProbes++
    if (this.showsGeneration && this.#generation === 'rxon') response.setHeader('x-rxon-version', '1.0b17')
    say(response, this.showsGeneration ? 200 : 503, { status: 'ok' })
  }

  /** In the second generation a result has no member `result`. */
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
    this.registrationsAtDelivery.push(this.registrations.length)
    if (this.resultAnswer === 'never') return
    const status = typeof this.resultAnswer === 'function' ? this.resultAnswer(delivery) : this.resultAnswer
    if (status === 200) say(response, 200, { status: 'result_accepted_success' })
    else say(response, status, { error: 'Job not found' })
  }
}

/** The worker id in a path; empty if there is none. */
const idIn = (path: string): string => /\/workers\/([^/]+)/.exec(path)?.[1] ?? ''

/** How each generation answers an empty event. */
const NO_EVENT = { classic: 404, rxon: 403 } as const

const say = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
