import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { json } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { Inbox } from './inbox.js'

interface Sent {
  readonly task_id: string
  readonly job_id: string
  readonly result: { readonly status: string; readonly data?: object; readonly error?: { code: string } }
}

/** The server's end of a worker's socket. */
export class Peer {
  readonly messages = new Inbox<Record<string, unknown>>()
  /** The close codes that came: one, when it is over. */
  readonly closed = new Inbox<number>()
  readonly request: IncomingMessage
  readonly socket: WebSocket

  constructor(socket: WebSocket, request: IncomingMessage) {
    this.socket = socket
    this.request = request
    socket.on('message', (bytes) => this.messages.put(JSON.parse(String(bytes))))
    socket.on('error', () => {})
    socket.on('close', (code) => this.closed.put(code))
  }

  cancel(taskId: string, jobId = `job of ${taskId}`): void {
    this.say({ command: 'cancel_task', task_id: taskId, job_id: jobId })
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }
}

/** Answers a request to upgrade in a way of its own. */
type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** An orchestrator that does what its test says, and keeps what the worker sends. */
export class ScriptedOrchestrator {
  readonly registrations = new Inbox<Record<string, unknown>>()
  readonly heartbeats = new Inbox<Record<string, unknown>>()
  readonly results = new Inbox<Sent>()
  readonly peers = new Inbox<Peer>()
  /** Each request for a socket, refused or not. */
  readonly upgrades = new Inbox<IncomingMessage>()
  /** What is done about a request for a socket, where it is not simply granted. */
  upgrade: Upgrade | undefined
  readonly #server = createServer((request, response) => void this.#answer(request, response))
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly #connections = new Set<Duplex>()
  readonly #offers: object[] = []
  readonly #polls: ServerResponse[] = []

  /** Runs until the end of the test. */
  static async start(): Promise<ScriptedOrchestrator> {
    const orchestrator = new ScriptedOrchestrator()
    await orchestrator.#listen()
    return orchestrator
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Gives a task to the next poll. */
  offer(taskId: string, type: string, params: object = {}): void {
    this.#offers.push({ task_id: taskId, job_id: `job of ${taskId}`, type, params })
    this.#serve()
  }

  /** How a task's result reads. */
  async resultOf(taskId: string): Promise<Sent['result']> {
    return (await this.results.first((sent) => sent.task_id === taskId)).result
  }

  /** Refuses sockets with this status. */
  refuse(status: number): void {
    this.upgrade = (_request, socket) =>
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 15\r\nConnection: close\r\n\r\n{"error":"nay"}`)
  }

  async #listen(): Promise<void> {
    this.#server.on('connection', (socket) => {
      this.#connections.add(socket)
      socket.on('close', () => this.#connections.delete(socket))
    })
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => {})
      this.upgrades.put(request)
      const grant: Upgrade = (...args) =>
        this.#sockets.handleUpgrade(...args, (ws) => this.peers.put(new Peer(ws, request)))
      ;(this.upgrade ?? grant)(request, socket, head)
    })
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    onTestFinished(async () => {
      for (const socket of this.#connections) socket.destroy()
      this.#server.close()
      await once(this.#server, 'close')
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    if (path.endsWith('/tasks/next')) {
      this.#polls.push(response)
      this.#serve()
      return
    }
    const body = (await json(request)) as Record<string, unknown>
    if (path.endsWith('/register')) this.registrations.put(body)
    else if (path.endsWith('/result')) this.results.put(body as unknown as Sent)
    else this.heartbeats.put(body)
    response.end('{"status":"ok"}')
  }

  #serve(): void {
    while (this.#offers.length > 0) {
      const poll = this.#polls.shift()
      if (!poll) return
      if (!poll.destroyed) poll.end(JSON.stringify(this.#offers.shift()))
    }
  }
}
