import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { type DevOrchestrator, type OrchestratorOptions, startOrchestrator } from 'avtomatika-worker/dev'
import { Agent, type Dispatcher, request } from 'undici'
import { afterEach, vi } from 'vitest'
import { WebSocket } from 'ws'

/** Raw clients of the wire, written without any part of the worker: both ends must not share one mistake. */

export const WORKER_TOKEN = 'your-secret-worker-token'

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: whatever came; each test says what it expects.
  readonly body: any
  readonly headers: Dispatcher.ResponseData['headers']
}

export interface CallOptions {
  readonly body?: unknown
  readonly headers?: Record<string, string>
  readonly signal?: AbortSignal
}

const cleanups: (() => unknown)[] = []
let agent = new Agent()

/** Runs after the test, the last one first. */
export const cleanUp = (action: () => unknown): void => void cleanups.push(action)

afterEach(async () => {
  vi.useRealTimers()
  for (const action of cleanups.splice(0).reverse()) await action()
  await agent.destroy()
  agent = new Agent()
})

export const start = async (options: OrchestratorOptions = {}): Promise<DevOrchestrator> => {
  const orchestrator = await startOrchestrator(options)
  cleanUp(() => orchestrator.close())
  return orchestrator
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** One request, as it is: a text or bytes as body go untouched, anything else as JSON. */
export const call = async (
  url: string,
  method: Dispatcher.HttpMethod,
  { body, headers = {}, signal }: CallOptions = {},
): Promise<Answer> => {
  const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array
  const answer = await request(url, {
    method,
    headers,
    body: isRaw ? (body ?? null) : JSON.stringify(body),
    dispatcher: agent,
    ...(signal && { signal }),
  })
  const bytes = Buffer.from(await answer.body.arrayBuffer())
  const isPacked = answer.headers['content-encoding'] !== undefined
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: isPacked ? bytes : parsed(bytes.toString()),
  }
}

/** Comes back when the orchestrator has read everything that was sent to it before. */
export const roundTrip = async ({ url }: DevOrchestrator): Promise<void> => {
  await call(`${url}/_public/status`, 'GET')
}

/** The worker's end of the wire. */
export const rawWorker = ({ url }: DevOrchestrator, workerId = 'w1', token: string | null = WORKER_TOKEN) => {
  const headers: Record<string, string> = token === null ? {} : { 'x-worker-token': token }
  const wsUrl = url.replace('http', 'ws')
  const send = (method: Dispatcher.HttpMethod, path: string, body?: unknown, options: CallOptions = {}) =>
    call(`${url}/_worker${path}`, method, { body, headers, ...options })
  return {
    send,
    register: (more: object = {}) =>
      send('POST', '/workers/register', {
        worker_id: workerId,
        worker_type: 'demo',
        supported_tasks: ['echo'],
        capabilities: { websockets: true },
        ...more,
      }),
    heartbeat: (body?: unknown) => send('PATCH', `/workers/${workerId}`, body),
    poll: (signal?: AbortSignal) =>
      send('GET', `/workers/${workerId}/tasks/next`, undefined, { headers, ...(signal && { signal }) }),
    result: (offer: { job_id: string; task_id: string }, result: unknown) =>
      send('POST', '/tasks/result', {
        job_id: offer.job_id,
        task_id: offer.task_id,
        worker_id: workerId,
        result,
      }),
    socket: () => openSocket(`${wsUrl}/_worker/ws/${workerId}`, headers),
    socketAt: (path: string, sent: Record<string, string>) => openSocket(`${wsUrl}${path}`, sent),
  }
}

/** A poll that its client walks away from, once the orchestrator holds it. */
export const abandonPoll = async (orchestrator: DevOrchestrator, workerId = 'w1'): Promise<void> => {
  const socket = await plainSocket(orchestrator)
  const lines = [
    `GET /_worker/workers/${workerId}/tasks/next HTTP/1.1`,
    'Host: localhost',
    `X-Worker-Token: ${WORKER_TOKEN}`,
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  await roundTrip(orchestrator)
  socket.destroy()
}

/** A connection on which anything can be said. */
export const plainSocket = async ({ port }: DevOrchestrator): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1')
  cleanUp(() => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return socket
}

/** The client's end of the wire. */
export const rawClient = ({ url, clientToken }: DevOrchestrator, token: string | null = clientToken) => {
  const headers: Record<string, string> = token === null ? {} : { 'x-avtomatika-token': token }
  const send = (method: Dispatcher.HttpMethod, path: string, body?: unknown) =>
    call(`${url}/api/v1${path}`, method, { body, headers })
  return {
    send,
    create: (initial: object) => send('POST', '/jobs/one_task', { initial_data: initial }),
    read: (jobId: string) => send('GET', `/jobs/${jobId}`),
    cancel: (jobId: string) => send('POST', `/jobs/${jobId}/cancel`),
  }
}

export interface RawSocket {
  readonly socket: WebSocket
  /** The next message, whether it came already or not. */
  next(): Promise<unknown>
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

/** Opens a socket; rejects with `HTTP <status> <body>` when it is refused. */
const openSocket = async (url: string, headers: Record<string, string>): Promise<RawSocket> => {
  const socket = new WebSocket(url, { headers })
  cleanUp(() => socket.terminate())
  const messages: unknown[] = []
  const waiting: ((message: unknown) => void)[] = []
  socket.on('message', (bytes) => {
    const message = JSON.parse(bytes.toString())
    const next = waiting.shift()
    if (next) next(message)
    else messages.push(message)
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  )
  await opened(socket)
  const next = () =>
    messages.length > 0
      ? Promise.resolve(messages.shift())
      : new Promise((resolve) => void waiting.push(resolve))
  return { socket, next, closed }
}

const opened = (socket: WebSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.on('error', reject)
    socket.once('unexpected-response', (_request, answer) => {
      const tell = (body: string) => reject(new Error(`HTTP ${answer.statusCode} ${body}`))
      text(answer).then(tell, reject)
    })
  })
