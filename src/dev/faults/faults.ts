import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { StateError } from '../../errors.js'
import type { Timer } from '../../utils/time.js'
import type { DevClock } from '../clock.js'
import { refuseUpgrade } from '../socket/upgrade.js'
import {
  type ActiveFault,
  checkFault,
  DEFAULT_ROUTES,
  type FaultName,
  type FaultOptions,
  type OrchestratorFaults,
  routeOf,
} from './fault.js'
import { ANSWERS, broken, cutInHalf, drip, intercept, reset, type Send } from './spoil.js'
import { StartedFault } from './started-fault.js'

/** The parts of the orchestrator that faults reach into. */
export interface Breakable {
  readonly clock: DevClock
  /** The requests that have no complete answer yet. */
  openResponses(): Iterable<ServerResponse>
  forgetWorkers(): void
  /** Ends the command sockets without a goodbye. */
  dropSockets(): void
  /** Called when a fault starts, and when it ends. */
  changed(fault: ActiveFault): void
}

const DEFAULT_DELAY_MS = 2_000
const DEFAULT_DRIP_MS = 1_000
const DEFAULT_SKEW_MS = 120_000

/** The faults of one orchestrator. Without an active fault a request costs one comparison. */
export class Faults implements OrchestratorFaults {
  readonly names = Object.keys(DEFAULT_ROUTES) as FaultName[]
  readonly #parts: Breakable
  readonly #active = new Set<StartedFault>()
  /** The offers that the next poll of a path gets once more. */
  readonly #again = new Map<string, Buffer>()
  /** Connections on which no answer will ever come. */
  readonly #halfOpen = new Set<Duplex>()
  readonly #waiting = new Set<Timer>()
  readonly #broken = new WeakSet<ServerResponse>()
  #isClosed = false

  constructor(parts: Breakable) {
    this.#parts = parts
  }

  get active(): readonly ActiveFault[] {
    return [...this.#active]
  }

  start(name: FaultName, options: FaultOptions = {}): ActiveFault {
    checkFault(name, options)
    if (this.#isClosed) throw new StateError(`Fault "${name}" not started: the orchestrator is closed`)
    const fault = new StartedFault(name, options, this.#parts.clock, (ended) => this.#end(ended))
    this.#active.add(fault)
    this.#strike(fault)
    this.#parts.changed(fault)
    return fault
  }

  stop(name?: FaultName): void {
    for (const fault of [...this.#active]) if (name === undefined || fault.name === name) fault.stop()
  }

  /** Ends all faults and the connections that they hold. */
  close(): void {
    this.#isClosed = true
    this.stop()
    for (const timer of this.#waiting) timer.cancel()
    for (const socket of this.#halfOpen) socket.destroy()
  }

  /** Whether a fault has hit the request of this answer. */
  hasHit(response: ServerResponse): boolean {
    return this.#broken.has(response)
  }

  /** Handles a request, unless a fault does so. */
  handle(request: IncomingMessage, response: ServerResponse, pass: () => void): void {
    if (this.#active.size === 0 && this.#again.size === 0) {
      pass()
      return
    }
    const path = pathOf(request)
    if (this.#repeats(path, request, response)) return
    const fault = this.#faultFor(path)
    if (!fault || !this.#before(fault, response, path, pass)) pass()
  }

  /** Handles the request for a command socket, unless a fault does so. */
  upgrade(request: IncomingMessage, socket: Duplex, pass: () => void): void {
    const fault = this.#active.size === 0 ? undefined : this.#faultFor(pathOf(request))
    if (!fault?.hit() || !this.#beforeUpgrade(fault, socket, pass)) pass()
  }

  #beforeUpgrade({ name, options }: StartedFault, socket: Duplex, pass: () => void): boolean {
    if (answersItself(name)) return refuseUpgradeBy(name, socket)
    switch (name) {
      case 'half-open':
        return this.#hold(socket)
      case 'delay':
        return this.#later(options.delayMs ?? DEFAULT_DELAY_MS, pass)
      case 'cut':
      case 'socket-drop':
        socket.destroy()
        return true
      default:
        return false
    }
  }

  #faultFor(path: string): StartedFault | undefined {
    const route = routeOf(path)
    if (route === undefined) return undefined
    for (const fault of this.#active) if (fault.routes.has(route)) return fault
    return undefined
  }

  /** What a fault does at its start. */
  #strike(fault: StartedFault): void {
    const { name, options, routes } = fault
    const { clock, forgetWorkers, dropSockets } = this.#parts
    if (name === 'clock-skew') clock.skewMs += options.skewMs ?? DEFAULT_SKEW_MS
    if (name === 'forgotten-worker') forgetWorkers()
    if ((name === 'socket-drop' || name === 'cut') && routes.has('socket')) dropSockets()
    for (const response of [...this.#parts.openResponses()]) this.#strikeOpen(fault, response)
  }

  /** The answer to a request that came before the fault, such as a poll that is held. */
  #strikeOpen(fault: StartedFault, response: ServerResponse): void {
    const path = pathOf(response.req)
    const route = routeOf(path)
    if (route === undefined || !fault.routes.has(route) || response.headersSent) return
    if (fault.name === 'cut') reset(response.socket)
    else this.#after(fault, response, path)
  }

  /** What a fault does before the orchestrator reads the request. @returns whether the orchestrator does not get it */
  #before(fault: StartedFault, response: ServerResponse, path: string, pass: () => void): boolean {
    const { name, options } = fault
    const { req } = response
    if (isAboutAnswers(name) && name !== 'half-open') return this.#after(fault, response, path)
    if (!fault.hit()) return false
    this.#broken.add(response)
    if (answersItself(name)) return answer(response, name, options)
    switch (name) {
      case 'forgotten-worker':
        this.#parts.forgetWorkers()
        return false
      case 'half-open':
        return this.#hold(req.socket)
      case 'cut':
        return reset(req.socket)
      case 'delay':
        return this.#later(options.delayMs ?? DEFAULT_DELAY_MS, pass)
      default:
        return false
    }
  }

  /** Changes the answer, if the fault still goes on by then. */
  #after(fault: StartedFault, response: ServerResponse, path: string): false {
    // A compressed answer would be broken as a whole.
    delete response.req.headers['accept-encoding']
    intercept(response, (body, send) => {
      if (isAboutAnswers(fault.name) && isFor(fault, response, body) && fault.hit())
        this.#spoil(fault, response, path, body, send)
      else send(body)
    })
    return false
  }

  #spoil(
    { name, options }: StartedFault,
    response: ServerResponse,
    path: string,
    body: Buffer,
    send: Send,
  ): void {
    this.#broken.add(response)
    switch (name) {
      case 'half-open':
        this.#hold(response.req.socket)
        break
      case 'lost-acknowledgement':
        reset(response.req.socket)
        break
      case 'reset-mid-body':
        cutInHalf(response, body)
        break
      case 'slow-drip':
        drip(response, body, options.delayMs ?? DEFAULT_DRIP_MS, this.#parts.clock)
        break
      case 'bad-json':
        send(broken(body))
        break
      default:
        this.#again.set(path, body)
        send(body)
    }
  }

  /** Answers a poll with the offer of the last one. */
  #repeats(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    const offer = this.#again.get(path)
    if (!offer || request.method !== 'GET') return false
    this.#again.delete(path)
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': offer.length,
    })
    response.end(offer)
    return true
  }

  #hold(socket: Duplex): true {
    this.#halfOpen.add(socket)
    socket.once('close', () => this.#halfOpen.delete(socket))
    return true
  }

  #later(ms: number, action: () => void): true {
    const timer = this.#parts.clock.after(ms, () => {
      this.#waiting.delete(timer)
      action()
    })
    this.#waiting.add(timer)
    return true
  }

  #end(fault: StartedFault): void {
    this.#active.delete(fault)
    if (fault.name === 'clock-skew') this.#parts.clock.skewMs -= fault.options.skewMs ?? DEFAULT_SKEW_MS
    this.#parts.changed(fault)
  }
}

const ABOUT_ANSWERS: ReadonlySet<FaultName> = new Set([
  'half-open',
  'reset-mid-body',
  'lost-acknowledgement',
  'slow-drip',
  'bad-json',
  'duplicate-offer',
])
const isAboutAnswers = (name: FaultName): boolean => ABOUT_ANSWERS.has(name)

/** Only an offer can be given twice. */
const isFor = ({ name }: StartedFault, { statusCode }: ServerResponse, body: Buffer): boolean =>
  name !== 'duplicate-offer' || (statusCode === 200 && body.length > 0)

const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? ''

const answersItself = (name: FaultName): name is keyof typeof ANSWERS => Object.hasOwn(ANSWERS, name)

const refuseUpgradeBy = (name: keyof typeof ANSWERS, socket: Duplex): true => {
  refuseUpgrade(socket, ANSWERS[name].status, ANSWERS[name].body)
  return true
}

const answer = (
  response: ServerResponse,
  name: keyof typeof ANSWERS,
  { retryAfterSeconds }: FaultOptions,
): true => {
  const { status, type, body } = ANSWERS[name]
  if (name === '429' && retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds)
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
  return true
}
