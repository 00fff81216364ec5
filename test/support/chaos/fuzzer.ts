import { connect } from 'node:net'
import { Agent, type Dispatcher, request } from 'undici'
import { WebSocket } from 'ws'
import { httpMessage, type Known, rawBytes, socketMessage, WORKER_TOKEN } from './fuzz-messages.js'
import { type Dice, pick } from './fuzz-values.js'

const KEPT = 50
/** Messages that are on their way at once. */
const AT_ONCE = 8

const keep = <T>(list: T[], item: T): void => {
  list.push(item)
  if (list.length > KEPT) list.shift()
}

/** Sends messages of every kind to an orchestrator, and counts what became of them. */
export class Fuzzer {
  /** The answers to HTTP requests by status, the ends of sockets by code. */
  readonly counts: Record<string, number> = {}
  readonly #known: Known = { jobIds: [], offers: [] }
  readonly #agent = new Agent({ connections: AT_ONCE, headersTimeout: 30_000, bodyTimeout: 30_000 })
  readonly #sockets = new Map<string, WebSocket>()
  readonly #url: string
  readonly #port: number
  readonly #dice: Dice

  constructor({ url, port }: { url: string; port: number }, dice: Dice) {
    this.#url = url
    this.#port = port
    this.#dice = dice
  }

  async send(messages: number): Promise<void> {
    let left = messages
    const sendSome = async (lane: number) => {
      while (left-- > 0) await this.#sendOne(`r${lane}`)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, (_, lane) => sendSome(lane)))
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.values()) socket.terminate()
    await this.#agent.destroy()
  }

  #sendOne(workerId: string): Promise<void> {
    const kind = this.#dice()
    if (kind < 0.65) return this.#http()
    return kind < 0.95 ? this.#socket(workerId) : this.#raw()
  }

  async #http(): Promise<void> {
    const { method, path, headers, body } = httpMessage(this.#dice, this.#known)
    const { statusCode, body: answer } = await request(`${this.#url}${path}`, {
      method: method as Dispatcher.HttpMethod,
      headers,
      body: body ?? null,
      dispatcher: this.#agent,
    })
    this.#count(`http ${statusCode}`)
    this.#learn(await answer.text())
  }

  /** Real ids lead later messages deeper. */
  #learn(answer: string): void {
    const [, job_id] = /"job_id":"([^"]+)"/.exec(answer) ?? []
    const [, task_id] = /"task_id":"([^"]+)"/.exec(answer) ?? []
    if (job_id) keep(this.#known.jobIds, job_id)
    if (job_id && task_id) keep(this.#known.offers, { job_id, task_id })
  }

  async #socket(workerId: string): Promise<void> {
    const socket = await this.#openSocket(workerId)
    const { data, isBinary } = socketMessage(this.#dice, this.#known)
    await new Promise<void>((resolve) => {
      const done = (what: string) => () => {
        socket.removeAllListeners('pong').removeAllListeners('close')
        this.#count(what)
        resolve()
      }
      socket.once('pong', done('socket goes on'))
      socket.once('close', (code: number) => {
        this.#sockets.delete(workerId)
        done(`socket closed ${code}`)()
      })
      socket.send(data, { binary: isBinary })
      socket.ping()
    })
  }

  async #openSocket(workerId: string): Promise<WebSocket> {
    const open = this.#sockets.get(workerId)
    if (open?.readyState === WebSocket.OPEN) return open
    const isRxon = this.#dice() < 0.5
    const socket = new WebSocket(`${this.#url.replace('http', 'ws')}/_worker/ws/${workerId}`, {
      headers: { 'x-worker-token': WORKER_TOKEN, ...(isRxon && { 'x-rxon-version': '1.0b17' }) },
    })
    this.#sockets.set(workerId, socket)
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    socket.removeAllListeners('error').on('error', () => {})
    return socket
  }

  /** Whatever comes back, the connection ends: the client resets it at once or after the first bytes. */
  async #raw(): Promise<void> {
    const bytes = rawBytes(this.#dice)
    const isHasty = pick(this.#dice, [true, false, false])
    await new Promise<void>((resolve) => {
      const socket = connect(this.#port, '127.0.0.1')
      socket.on('error', () => {})
      socket.once('close', () => resolve())
      const half = Math.floor(bytes.length / 2)
      socket.write(bytes.subarray(0, half))
      socket.write(bytes.subarray(half), () => {
        if (isHasty) socket.resetAndDestroy()
        else socket.end()
      })
      socket.once('data', () => socket.end())
      socket.resume()
    })
    this.#count('raw')
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1
  }
}
