import type { IncomingMessage } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { Inbox } from './inbox.js'
import { type Call, RawOrchestrator, type Upgrade } from './raw-orchestrator.js'

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

/** A {@link RawOrchestrator} that speaks over sockets too, and keeps what the worker sends where it can be waited for. */
export class ScriptedOrchestrator {
  readonly registrations = new Inbox<Record<string, unknown>>()
  readonly heartbeats = new Inbox<Record<string, unknown>>()
  readonly results = new Inbox<Sent>()
  readonly peers = new Inbox<Peer>()
  /** Each request for a socket, refused or not. */
  readonly upgrades = new Inbox<IncomingMessage>()
  /** What is done about a request for a socket, where it is not simply granted. */
  upgrade: Upgrade | undefined
  readonly #raw: RawOrchestrator
  readonly #sockets = new WebSocketServer({ noServer: true })

  private constructor(raw: RawOrchestrator) {
    this.#raw = raw
    raw.onCall = (call) => this.#keep(call)
    raw.upgrades((...upgrade) => {
      this.upgrades.put(upgrade[0])
      ;(this.upgrade ?? this.#grant)(...upgrade)
    })
  }

  /** Runs until the end of the test. */
  static async start(): Promise<ScriptedOrchestrator> {
    return new ScriptedOrchestrator(await RawOrchestrator.start())
  }

  get url(): string {
    return this.#raw.url
  }

  /** Gives a task to the next poll. */
  offer(taskId: string, type: string, params: object = {}): void {
    this.#raw.offer(type, params, taskId)
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

  #keep({ kind, body }: Call): void {
    if (kind === 'registration') this.registrations.put(body)
    else if (kind === 'heartbeat') this.heartbeats.put(body)
    else if (kind === 'result') this.results.put(body)
  }

  readonly #grant: Upgrade = (request, socket, head) =>
    this.#sockets.handleUpgrade(request, socket, head, (ws) => this.peers.put(new Peer(ws, request)))
}
