/** The routes that a fault can affect: the requests of workers, and the client API. */
export type FaultRoute =
  | 'register'
  | 'heartbeat'
  | 'poll'
  | 'result'
  | 'event'
  | 'token'
  | 'socket'
  | 'client'

/**
 * The name of a fault.
 *
 * - `half-open`: the request arrives, and no answer ever comes. The connection stays.
 * - `cut`: connections are reset: those that are open now, and later ones with their first request.
 * - `reset-mid-body`: the orchestrator acts on the request. The connection is reset after half of the answer.
 * - `lost-acknowledgement`: the orchestrator acts on the request. The connection is reset before the answer.
 * - `slow-drip`: the answer comes byte by byte, `delayMs` apart (default 1,000).
 * - `delay`: the request waits for `delayMs` (default 2,000) before the orchestrator reads it.
 * - `bad-json`: the orchestrator acts on the request. The JSON of the answer is broken.
 * - `401`, `429`, `500`: the request is answered with this status. `429` has `Retry-After` if `retryAfterSeconds` is given.
 * - `elsewhere`: the name leads to another server, which answers every request with a page and the status 200.
 * - `socket-drop`: the command sockets of the workers end without a close frame, and later ones as soon as they open.
 * - `duplicate-offer`: each offer is given to the next poll once more.
 * - `forgotten-worker`: the orchestrator loses its records of the workers: now, and again before each heartbeat.
 * - `clock-skew`: the date of the orchestrator is wrong by `skewMs` (default 120,000, may be negative).
 */
export type FaultName =
  | 'half-open'
  | 'cut'
  | 'reset-mid-body'
  | 'lost-acknowledgement'
  | 'slow-drip'
  | 'delay'
  | 'bad-json'
  | '401'
  | '429'
  | '500'
  | 'elsewhere'
  | 'socket-drop'
  | 'duplicate-offer'
  | 'forgotten-worker'
  | 'clock-skew'

/** The options of a fault: its duration and its requests. */
export interface FaultOptions {
  /** The duration of the fault, in ms. Default: until {@link ActiveFault.stop}. */
  readonly forMs?: number
  /** The number of requests after which the fault ends. Default: no limit. */
  readonly times?: number
  /** The routes that the fault affects. Default: depends on the fault, and never contains `client`. */
  readonly routes?: readonly FaultRoute[]
  /** The delay of `delay` (default: 2,000) and of `slow-drip` (default: 1,000), in ms. */
  readonly delayMs?: number
  /** How far `clock-skew` moves the date, in ms; may be negative. Default: 120,000. */
  readonly skewMs?: number
  /** The header `Retry-After` of `429`, in seconds. Default: no such header. */
  readonly retryAfterSeconds?: number
}

/** A fault that was started. */
export interface ActiveFault {
  /** The name of the fault. */
  readonly name: FaultName
  /** The options that the fault was started with. */
  readonly options: FaultOptions
  /** Whether the fault still breaks requests. */
  readonly isActive: boolean
  /** The number of requests that the fault has affected. */
  readonly hits: number
  /** When the fault will end by itself, in ms from now. `undefined` without `forMs`, 0 after its end. */
  readonly leftMs: number | undefined
  /** Ends the fault. Broken connections stay broken. */
  stop(): void
}

/** The faults of an orchestrator. */
export interface OrchestratorFaults {
  /** The names of all faults. */
  readonly names: readonly FaultName[]
  /** The active faults, the oldest first. The oldest fault that fits a request affects it. */
  readonly active: readonly ActiveFault[]
  /**
   * Starts a fault.
   *
   * @throws TypeError if the name or an option is not valid
   * @throws StateError if the orchestrator is closed
   * @example
   * orchestrator.faults.start('429', { forMs: 5_000, routes: ['poll'] })
   * orchestrator.faults.start('lost-acknowledgement', { times: 1 })
   */
  start(name: FaultName, options?: FaultOptions): ActiveFault
  /** Ends all faults, or those of one name. */
  stop(name?: FaultName): void
}

/** Every request of a worker. */
const WORKER_ROUTES = ['register', 'heartbeat', 'poll', 'result', 'event', 'token', 'socket'] as const
const WITH_BODY = WORKER_ROUTES.filter((route) => route !== 'socket')

/** All faults, and the routes that each hits by default. */
export const DEFAULT_ROUTES: Readonly<Record<FaultName, readonly FaultRoute[]>> = {
  'half-open': WORKER_ROUTES,
  cut: WORKER_ROUTES,
  'reset-mid-body': WITH_BODY,
  'lost-acknowledgement': ['result'],
  'slow-drip': WITH_BODY,
  delay: WORKER_ROUTES,
  'bad-json': WITH_BODY,
  '401': WORKER_ROUTES,
  '429': WORKER_ROUTES,
  '500': WORKER_ROUTES,
  elsewhere: WORKER_ROUTES,
  'socket-drop': ['socket'],
  'duplicate-offer': ['poll'],
  'forgotten-worker': ['heartbeat'],
  'clock-skew': WORKER_ROUTES,
}

const ROUTES: ReadonlySet<string> = new Set([...WORKER_ROUTES, 'client'])

const isPositive = (value: unknown): boolean =>
  value === undefined || (typeof value === 'number' && value > 0 && value <= 2_147_483_647)
const isCount = (value: unknown): boolean =>
  value === undefined || (Number.isSafeInteger(value) && Number(value) > 0)

/** @throws TypeError that names the wrong option */
export const checkFault = (name: FaultName, options: FaultOptions): void => {
  const problem = problemOf(name, options)
  if (problem) throw new TypeError(`Fault not started: ${problem}`)
}

const problemOf = (name: FaultName, options: FaultOptions): string | undefined => {
  const { forMs, times, routes = [], delayMs, skewMs = 0, retryAfterSeconds } = options
  const unknown = routes.find((route) => !ROUTES.has(route))
  if (!Object.hasOwn(DEFAULT_ROUTES, name))
    return `there is no fault "${name}", only ${Object.keys(DEFAULT_ROUTES).sort().join(', ')}`
  if (unknown !== undefined) return `there is no route "${unknown}", only ${[...ROUTES].join(', ')}`
  if (!isPositive(forMs)) return `forMs must be a number of ms above 0, not ${forMs}`
  if (!isPositive(delayMs)) return `delayMs must be a number of ms above 0, not ${delayMs}`
  if (!isCount(times)) return `times must be a whole number above 0, not ${times}`
  if (!Number.isFinite(skewMs)) return `skewMs must be a number of ms, not ${skewMs}`
  if (!isPositive(retryAfterSeconds)) return `retryAfterSeconds must be above 0, not ${retryAfterSeconds}`
  return undefined
}

/** Returns the route of a request, or `undefined` for the page, the status and unknown paths. Pure. */
export const routeOf = (path: string): FaultRoute | undefined => {
  if (path.startsWith('/api/v1/')) return 'client'
  if (!path.startsWith('/_worker/')) return undefined
  const [, , first, second, third] = path.split('/')
  if (first === 'ws') return 'socket'
  if (first === 'events') return 'event'
  if (first === 'auth') return 'token'
  if (first === 'tasks') return 'result'
  if (first !== 'workers') return undefined
  if (second === 'register') return 'register'
  return third === 'tasks' ? 'poll' : 'heartbeat'
}
