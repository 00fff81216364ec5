import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { ConfigError, type ConfigProblem } from '../errors.js'
import { hostIn } from './access/allowed-hosts.js'
import { isLoopbackAddress } from './access/loopback.js'
import { newToken } from './access/secrets.js'
import type { Generation } from './generation.js'

/** The options of {@link startOrchestrator}. The defaults are for tests on one machine. */
export interface OrchestratorOptions {
  /** The address to listen on. An address that is not a loopback address needs {@link allowRemote}. Default: `127.0.0.1`. */
  readonly host?: string
  /** Whether {@link host} may be an address that other machines can reach. Default: `false`. */
  readonly allowRemote?: boolean
  /**
   * Other names and addresses that workers and clients may use for the orchestrator, such as `host.docker.internal`. Loopback
   * names and {@link host} are always allowed. A request with another `Host` or `Origin` gets 403. Default: none.
   */
  readonly allowedHosts?: readonly string[]
  /** The port to listen on. 0 chooses a free port. Default: 0. */
  readonly port?: number
  /**
   * The token for all workers. Default: `your-secret-worker-token`, which is also the default of the worker. A random token if
   * {@link host} is not a loopback address.
   */
  readonly workerToken?: string
  /** The tokens of single workers, by worker id. Such a worker cannot use {@link workerToken}. Default: none. */
  readonly workerTokens?: Readonly<Record<string, string>>
  /**
   * The generation of the protocol: `classic` as in orchestrator 1.0b8, or `rxon` as in 1.0b30. `auto` serves both: each worker
   * chooses by its requests. Default: `auto`.
   */
  readonly generation?: Generation | 'auto'
  /** The key that signs the tasks of the second generation. Default: a random key. */
  readonly secretKey?: string
  /** The token of the client API. Default: `dev-client-token`. A random token if {@link host} is not a loopback address. */
  readonly clientToken?: string
  /** How long a poll waits for a task, in ms. Default: 30,000. The test kit uses 500. */
  readonly pollHoldMs?: number
  /** How long the orchestrator keeps a worker after its last heartbeat, in ms. Default: 120,000. */
  readonly workerTtlMs?: number
  /** How long a task may take if its job has no timeout, in ms. Default: 300,000. */
  readonly taskTimeoutMs?: number
  /** The largest number of retries of a failed task. Default: 3. */
  readonly maxRetries?: number
  /** The largest number of `requests` for each worker id and path within `windowMs`, in ms. Default: no limit. */
  readonly rateLimit?: {
    /** The largest number of requests within a window. */
    readonly requests: number
    /** The length of a window, in ms. */
    readonly windowMs: number
  }
  /**
   * Whether a job waits for a worker that can take it. Otherwise such a job is quarantined, as on a real orchestrator. Default:
   * `false`. The test kit uses `true`.
   */
  readonly waitForWorker?: boolean
}

/** The options, checked, with defaults. */
export type DevSettings = Required<Omit<OrchestratorOptions, 'rateLimit' | 'allowRemote'>> &
  Pick<OrchestratorOptions, 'rateLimit'>

/** The longest delay of a timer, in ms. */
export const MAX_DELAY_MS = 2_147_483_647

const DEFAULTS: DevSettings = {
  host: '127.0.0.1',
  allowedHosts: [],
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

/** `localhost` is the only name that resolves to a loopback address on every machine. */
const isLoopback = (host: string): boolean => host === 'localhost' || isLoopbackAddress(host)
const isHost = (name: unknown): boolean =>
  typeof name === 'string' && (isIP(name) !== 0 || (hostIn(name) !== undefined && !name.includes(':')))
const isToken = (token: unknown): boolean => typeof token === 'string' && token !== ''

const isDelay = (value: number): boolean => value > 0 && value <= MAX_DELAY_MS
const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

const GENERATIONS: ReadonlySet<string> = new Set(['auto', 'classic', 'rxon'])
const A_DELAY = `milliseconds, more than 0 and at most ${MAX_DELAY_MS}`
const A_TOKEN = 'a text that is not empty'

const problemsOf = (settings: DevSettings, allowRemote: boolean): ConfigProblem[] => {
  const { host, port, rateLimit, maxRetries } = settings
  const checks: [name: string, value: unknown, isValid: boolean, expected: string][] = [
    ['host', host, allowRemote || isLoopback(host), 'a loopback address, or allowRemote: true'],
    ['port', port, isCount(port) && port < 65_536, 'a whole number from 0 to 65535'],
    [
      'allowedHosts',
      settings.allowedHosts,
      settings.allowedHosts.every(isHost),
      'names or addresses, without ports',
    ],
    ['workerToken', '(hidden)', isToken(settings.workerToken), A_TOKEN],
    [
      'workerTokens',
      '(hidden)',
      Object.values(settings.workerTokens).every(isToken),
      'texts that are not empty',
    ],
    ['clientToken', '(hidden)', isToken(settings.clientToken), A_TOKEN],
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
    .filter(([, , isValid]) => !isValid)
    .map(([name, value, , expected]) => ({ name, value: String(value), expected }))
}

/** The documented default tokens are public, so they are for a loopback address only. */
const tokensFor = (host: string) =>
  isLoopback(host) ? {} : { workerToken: newToken(), clientToken: newToken() }

/**
 * Fills in the defaults.
 *
 * @throws ConfigError that lists every problem
 */
export const resolveOptions = (options: OrchestratorOptions): DevSettings => {
  const { allowRemote = false, ...rest } = options
  const given = Object.entries(rest).filter(([, value]) => value !== undefined)
  const secretKey = randomBytes(32).toString('hex')
  const tokens = tokensFor(options.host ?? DEFAULTS.host)
  const settings: DevSettings = { ...DEFAULTS, secretKey, ...tokens, ...Object.fromEntries(given) }
  const problems = problemsOf(settings, allowRemote)
  if (problems.length > 0) throw new ConfigError(problems)
  return settings
}
