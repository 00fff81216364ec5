import { randomBytes } from 'node:crypto'
import { ConfigError, type ConfigProblem } from '../errors.js'
import type { Generation } from './generation.js'

/** How {@link startOrchestrator} behaves; everything has a default that suits a test on one machine. */
export interface OrchestratorOptions {
  /** Where to listen. Default `127.0.0.1`; anything but a loopback address needs {@link allowRemote}. */
  readonly host?: string
  /** Allows a `host` that other machines can reach. Default `false`. */
  readonly allowRemote?: boolean
  /** The port; `0`, the default, takes a free one. */
  readonly port?: number
  /** The token that every worker may use. Default `your-secret-worker-token`, which is the worker's default too. */
  readonly workerToken?: string
  /** Tokens by worker id. A worker named here is refused with the common one. */
  readonly workerTokens?: Readonly<Record<string, string>>
  /**
   * Which family of the wire is spoken: `classic` as by 1.0b8, `rxon` as by 1.0b30, or both, by what each worker sends.
   * Default `auto`.
   */
  readonly generation?: Generation | 'auto'
  /** What the tasks of the second generation are signed with. Default: anything. */
  readonly secretKey?: string
  /** The token of the client API. Default `dev-client-token`. */
  readonly clientToken?: string
  /** How long a poll is held while there is nothing to do, in ms. Default 30,000. */
  readonly pollHoldMs?: number
  /** How long a worker stays known without a heartbeat, in ms. Default 120,000. */
  readonly workerTtlMs?: number
  /** How long a task may take when its job does not say, in ms. Default 300,000. */
  readonly taskTimeoutMs?: number
  /** How often a failed task is dispatched again. Default 3. */
  readonly maxRetries?: number
  /** Requests per worker id and path within the window; off by default. */
  readonly rateLimit?: { readonly requests: number; readonly windowMs: number }
  /**
   * Keeps a job that no worker can take until one can, instead of quarantining it. Default `false`: the real
   * orchestrator has no such thing.
   */
  readonly waitForWorker?: boolean
}

/** The options, complete and checked. */
export type Settings = Required<Omit<OrchestratorOptions, 'rateLimit' | 'allowRemote'>> &
  Pick<OrchestratorOptions, 'rateLimit'>

/** The longest that a timer can run. */
export const MAX_DELAY_MS = 2_147_483_647

const DEFAULTS: Settings = {
  host: '127.0.0.1',
  port: 0,
  workerToken: 'your-secret-worker-token',
  workerTokens: {},
  generation: 'auto',
  secretKey: '',
  clientToken: 'dev-client-token',
  pollHoldMs: 30_000,
  workerTtlMs: 120_000,
  taskTimeoutMs: 300_000,
  maxRetries: 3,
  waitForWorker: false,
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

const isDelay = (value: number): boolean => value > 0 && value <= MAX_DELAY_MS
const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

const GENERATIONS: ReadonlySet<string> = new Set(['auto', 'classic', 'rxon'])
const A_DELAY = `milliseconds, more than 0 and at most ${MAX_DELAY_MS}`
const A_TOKEN = 'a text that is not empty'

const problemsOf = (settings: Settings, allowRemote: boolean): ConfigProblem[] => {
  const { host, port, rateLimit, maxRetries } = settings
  const checks: [name: string, value: unknown, fine: boolean, expected: string][] = [
    ['host', host, allowRemote || isLoopback(host), 'a loopback address, or allowRemote: true'],
    ['port', port, isCount(port) && port < 65_536, 'a whole number from 0 to 65535'],
    ['workerToken', '(hidden)', settings.workerToken !== '', A_TOKEN],
    ['clientToken', '(hidden)', settings.clientToken !== '', A_TOKEN],
    ['generation', settings.generation, GENERATIONS.has(settings.generation), [...GENERATIONS].join(' or ')],
    ['maxRetries', maxRetries, isCount(maxRetries), 'a whole number, 0 or more'],
    ['pollHoldMs', settings.pollHoldMs, isDelay(settings.pollHoldMs), A_DELAY],
    ['workerTtlMs', settings.workerTtlMs, isDelay(settings.workerTtlMs), A_DELAY],
    ['taskTimeoutMs', settings.taskTimeoutMs, isDelay(settings.taskTimeoutMs), A_DELAY],
    [
      'rateLimit.requests',
      rateLimit?.requests,
      isCount(rateLimit?.requests ?? 0),
      'a whole number, 0 or more',
    ],
    ['rateLimit.windowMs', rateLimit?.windowMs, isDelay(rateLimit?.windowMs ?? 1), A_DELAY],
  ]
  return checks
    .filter(([, , fine]) => !fine)
    .map(([name, value, , expected]) => ({ name, value: String(value), expected }))
}

/** Defaults for what is left out; throws a {@link ConfigError} that names everything that is wrong. */
export const resolveOptions = (options: OrchestratorOptions): Settings => {
  const { allowRemote = false, ...rest } = options
  const given = Object.entries(rest).filter(([, value]) => value !== undefined)
  const secretKey = randomBytes(32).toString('hex')
  const settings: Settings = { ...DEFAULTS, secretKey, ...Object.fromEntries(given) }
  const problems = problemsOf(settings, allowRemote)
  if (problems.length > 0) throw new ConfigError(problems)
  return settings
}
