import { randomUUID } from 'node:crypto'
import { ConfigError, ProtocolError, UnreachableError } from '../../errors.js'
import { EstimatedClock } from '../../orchestrators/estimated-clock.js'
import { ProtocolDetector } from '../../orchestrators/protocol-detector.js'
import type { Generation, WireAnswer } from '../../protocol/protocol.js'
import { workerPath } from '../../protocol/routes.js'
import { FIRST_PROBE } from '../../protocol/select.js'
import type { OrchestratorSettings, Settings } from '../../settings.js'
import type { HttpTransport } from '../../transport/http.js'
import type { Redactor } from '../../utils/redactor.js'
import { monotonicMs } from '../../utils/time.js'
import { type Examined, type Finding, found, passed, skipped, together } from './finding.js'
import { peek } from './peek.js'
import { wayTo } from './transport.js'
import { explainUnreachable } from './unreachable.js'

/** How long the first request may take, in ms. If it fails, the port is looked at for a second. */
const FIRST_MS = 3_000
/** How long all requests together may take, in ms. */
const ALL_MS = 4_000
/** A smaller difference of the clocks harms nothing, in ms. */
const SKEW_MS = 5_000

/**
 * Asks one orchestrator what a worker needs of it: reachability, clock, generation, token and rate limits. No request
 * registers a worker or takes a task.
 *
 * @param isRunning - whether the worker with this id runs on this machine
 */
export const examineOrchestrator = async (
  settings: Settings,
  target: OrchestratorSettings,
  isRunning: () => Promise<boolean>,
): Promise<Examined> => {
  try {
    const probe = new Probe(settings, target)
    try {
      return await examine(probe, settings, isRunning)
    } finally {
      await probe.close()
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return together([found('TLS files', tlsFilesUnusable(error)), ...notChecked(target.url, NO_TLS)])
  }
}

const NO_TLS = 'the TLS files cannot be used'

/** The checks that need an answer of the orchestrator. */
const notChecked = (url: string, why: string): readonly Examined[] =>
  ['clock of', 'generation of', 'token for'].map((name) => skipped(`${name} ${url}`, why))

const unreached = (url: string, finding: Finding): Examined =>
  together([found(`orchestrator ${url}`, finding), ...notChecked(url, 'the orchestrator was not reached')])

const examine = async (
  probe: Probe,
  settings: Settings,
  isRunning: () => Promise<boolean>,
): Promise<Examined> => {
  const { url } = probe.target
  let first: WireAnswer
  try {
    first = await probe.sendFirst()
  } catch (error) {
    return unreached(url, await probe.explain(error))
  }
  if (first.status === 407 && probe.proxy !== undefined) return unreached(url, proxyRefused(url, probe.proxy))
  const [generation, token] = await Promise.all([
    examineGeneration(probe, first),
    examineToken(probe, first, settings, isRunning),
  ])
  const reached = passed(`orchestrator ${url}`, `answered with status ${first.status}`)
  // Another server than an orchestrator says nothing about a token.
  const isOther = generation.findings.some(({ code }) => code === 'not_an_orchestrator')
  const examined = isOther ? skipped(`token for ${url}`, 'the server is no orchestrator') : token
  return together([reached, examineClock(url, first), generation, examined])
}

/** Sends the requests of the examination. */
class Probe {
  readonly target: OrchestratorSettings
  /** The proxy on the way, without its password. */
  readonly proxy: string | undefined
  readonly #transport: HttpTransport
  readonly #redactor: Redactor
  readonly #startedMs = monotonicMs()

  /** @throws ConfigError if the TLS files cannot be used */
  constructor(settings: Settings, target: OrchestratorSettings) {
    this.target = target
    const headers = { 'x-worker-token': target.token, 'x-worker-id': settings.workerId }
    const { transport, proxy, redactor } = wayTo(settings, target, headers)
    this.proxy = proxy
    this.#redactor = redactor
    this.#transport = transport
  }

  sendFirst(): Promise<WireAnswer> {
    return this.#transport.send({ ...FIRST_PROBE, deadlineMs: FIRST_MS })
  }

  /** Until the time of the examination is over. */
  send(request: Pick<Parameters<HttpTransport['send']>[0], 'method' | 'path' | 'body'>): Promise<WireAnswer> {
    const leftMs = this.#startedMs + ALL_MS - monotonicMs()
    // An error message quotes it.
    return this.#transport.send({ ...request, deadlineMs: Math.max(0, Math.round(leftMs)) })
  }

  /** Asks for the generation that the orchestrator shows. @throws UnreachableError or ProtocolError */
  shownGeneration(workerId: string): Promise<Generation> {
    const { token, taskKey, generation } = this.target
    const identity = {
      ...{ workerId, token, taskKey, taskMaxAgeMs: undefined },
      ...{ clock: new EstimatedClock(), redactor: this.#redactor, makeId: randomUUID },
    }
    return new ProtocolDetector(this, identity, generation).shownGeneration()
  }

  /** Explains why the first request failed. @throws the error itself if it is of another kind */
  async explain(error: unknown): Promise<Finding> {
    if (!(error instanceof UnreachableError)) throw error
    const { code } = (error.cause ?? {}) as { readonly code?: unknown }
    const { url } = this.target
    return explainUnreachable({
      url,
      code: typeof code === 'string' ? code : '',
      message: error.message,
      wasSent: error.wasSent,
      proxy: this.proxy,
      speaks: this.proxy === undefined ? await peek(url) : undefined,
    })
  }

  close(): Promise<void> {
    return this.#transport.close()
  }
}

const examineClock = (url: string, { headers }: WireAnswer): Examined => {
  const name = `clock of ${url}`
  const clock = new EstimatedClock()
  clock.correct(headers['date'])
  const seconds = Math.round(Math.abs(clock.aheadMs) / 1_000)
  if (Math.abs(clock.aheadMs) < SKEW_MS) return passed(name, `${seconds} s of difference`)
  return found(name, {
    code: 'clock_skew',
    severity: 'error',
    orchestrator: url,
    cause: `The clock of the orchestrator is ${seconds} s ${clock.aheadMs < 0 ? 'behind' : 'ahead of'} the clock of this machine.`,
    evidence: `Its answer has the header Date: ${String(headers['date']).slice(0, 60)}.`,
    remedy: 'Synchronize both clocks (NTP). Orchestrators refuse messages with another time.',
  })
}

const examineGeneration = async (probe: Probe, first: WireAnswer): Promise<Examined> => {
  const { url, generation: choice, taskKey } = probe.target
  const name = `generation of ${url}`
  try {
    const shown = await probe.shownGeneration('doctor')
    if (choice !== 'auto' && choice !== shown) return found(name, otherGeneration(url, shown, choice))
    if (shown === 'classic' && taskKey !== undefined) return found(name, downgraded(url))
    return passed(name, shown)
  } catch (error) {
    if (error instanceof ProtocolError) return found(name, failing(url, error.message))
    return found(name, unanswered(url, first, error))
  }
}

/** A heartbeat without a body. It is answered 404 for an unknown worker, after the token was checked. */
const examineToken = async (
  probe: Probe,
  first: WireAnswer,
  settings: Settings,
  isRunning: () => Promise<boolean>,
): Promise<Examined> => {
  const { url } = probe.target
  const name = `token for ${url}`
  let answer: WireAnswer
  try {
    answer = await probe.send({ method: 'PATCH', path: workerPath(settings.workerId) })
  } catch (error) {
    return found(name, unanswered(url, first, error))
  }
  const { status, headers, text } = answer
  if (status === 401 || status === 403) return found(name, tokenRefused(url, status))
  if (status === 429) return found(name, limited(url))
  if (status >= 500) return found(name, failing(url, `A heartbeat was answered with status ${status}`))
  if (isPage(headers['content-type'], text)) return found(name, notAnOrchestrator(url, status))
  const isKnown = status === 200 && text.trim() !== 'null'
  if (!isKnown || (await isRunning())) return passed(name, 'accepted')
  return { ...passed(name, 'accepted'), findings: [idInUse(url, settings)] }
}

const isPage = (type: unknown, text: string): boolean =>
  (typeof type === 'string' && type.startsWith('text/html')) || /^\s*<(?:!doctype|html)/i.test(text)

const about = (url: string) => ({ severity: 'error' as const, orchestrator: url })

const proxyRefused = (url: string, proxy: string): Finding => ({
  ...about(url),
  code: 'proxy_failed',
  cause: `The proxy ${proxy} refuses this machine.`,
  evidence: 'The proxy answered with status 407.',
  remedy: 'Write the user name and the password of the proxy into HTTP_PROXY or HTTPS_PROXY.',
})

const tlsFilesUnusable = ({ problems }: ConfigError): Finding => ({
  code: 'tls_files_unusable',
  severity: 'error',
  cause: 'The TLS files cannot be used.',
  evidence: `${problems.map(({ name, value, expected }) => `${name} = ${value}: expected ${expected}`).join('; ')}.`,
  remedy: 'Check TLS_CA_PATH, TLS_CERT_PATH and TLS_KEY_PATH.',
})

const tokenRefused = (url: string, status: number): Finding => ({
  ...about(url),
  code: 'token_refused',
  cause: 'The orchestrator refuses the token of this worker.',
  evidence: `A heartbeat was answered with status ${status}.`,
  remedy:
    'Set WORKER_TOKEN, or WORKER_INDIVIDUAL_TOKEN for this WORKER_ID, to a token that the orchestrator knows.',
})

/** A server that has just answered is there, so neither the URL nor a firewall is to blame. @throws an error of another kind */
const unanswered = (url: string, { status }: WireAnswer, error: unknown): Finding => {
  if (!(error instanceof UnreachableError)) throw error
  return {
    ...about(url),
    code: 'request_unanswered',
    cause: `The orchestrator at ${url} answers some requests, but not all.`,
    evidence: `${FIRST_PROBE.method} ${FIRST_PROBE.path} was answered with status ${status}. ${error.message}.`,
    remedy:
      'Check the log and the load of the orchestrator, its Redis and any proxy. Then run the command again: it could not check everything.',
  }
}

const limited = (url: string): Finding => ({
  ...about(url),
  code: 'rate_limited',
  cause: 'The orchestrator limits the requests of this worker.',
  evidence: 'A heartbeat was answered with status 429.',
  remedy:
    'Raise the rate limit of the orchestrator (RATE_LIMITING_ENABLED=false turns it off), or give each worker an id of its own.',
})

const failing = (url: string, what: string): Finding => ({
  ...about(url),
  code: /returned (?:5|429)|status 5/.test(what) ? 'orchestrator_failing' : 'not_an_orchestrator',
  cause: `The server at ${url} does not answer like an orchestrator.`,
  evidence: `${what.replace(/\.$/, '')}.`,
  remedy: 'Check ORCHESTRATOR_URL, and the log of the orchestrator.',
})

const notAnOrchestrator = (url: string, status: number): Finding => ({
  ...about(url),
  code: 'not_an_orchestrator',
  cause: `The URL ${url} leads to a web site or a proxy, not to an orchestrator.`,
  evidence: `A heartbeat was answered with an HTML page (status ${status}).`,
  remedy: 'Correct the host, the port and the path in ORCHESTRATOR_URL.',
})

const otherGeneration = (url: string, shown: Generation, choice: string): Finding => ({
  ...about(url),
  code: 'wrong_generation',
  cause: 'The orchestrator speaks another generation of the protocol than ORCHESTRATOR_PROTOCOL says.',
  evidence: `The orchestrator shows ${shown}; the configuration says ${choice}.`,
  remedy: `Set ORCHESTRATOR_PROTOCOL=auto, or to ${shown}.`,
})

const downgraded = (url: string): Finding => ({
  ...about(url),
  code: 'downgrade',
  cause: 'A key for signatures is set, but the orchestrator is of the first generation and signs no tasks.',
  evidence: 'ORCHESTRATOR_SECRET_KEY is set; the orchestrator shows classic.',
  remedy: 'Check the URL. If the orchestrator is that old, unset ORCHESTRATOR_SECRET_KEY.',
})

const idInUse = (url: string, { workerId, workerPort }: Settings): Finding => ({
  ...about(url),
  code: 'worker_id_in_use',
  cause: `Another worker with the id ${workerId} is registered.`,
  evidence: `The orchestrator knows this id, and no worker answers on port ${workerPort} of this machine.`,
  remedy:
    'Give each worker a WORKER_ID of its own. If the other worker has just stopped, wait for two minutes.',
})
