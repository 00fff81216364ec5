import {
  AuthError,
  ProtocolError,
  RateLimitError,
  ResponseError,
  UnknownWorkerError,
  UnreachableError,
} from '../errors.js'

/** The kinds of requests. An orchestrator has a separate rate limit for each kind. */
export type RequestKind = 'registration' | 'heartbeat' | 'poll' | 'result' | 'event'

/** What the end of one request shows of its orchestrator. */
export type Fact =
  /** The orchestrator works, even if it refuses the request for the moment. */
  | 'answered'
  /** One request failed: a broken connection, a 5xx, a response that cannot be read. */
  | 'failed'
  /** Nothing is there: connection refused, unknown host, no route. */
  | 'absent'
  /** Nothing responds in time. Other requests may hang on dead connections, too. */
  | 'silent'
  /** The orchestrator refuses the token. */
  | 'unauthorized'

/** What the facts about one orchestrator add up to. Pure: the caller passes the time. */
export interface Health {
  /** Whether the orchestrator can give tasks, as far as this worker knows. */
  readonly up: boolean
  /** How many requests of each kind failed in a row. */
  readonly failures: Readonly<Partial<Record<RequestKind, number>>>
  /** Since when the orchestrator responds without a failure; `undefined` while it fails, and before the first request. */
  readonly answersSinceMs: number | undefined
}

/** The health of an orchestrator before the first request. */
export const UNTRIED: Health = { up: true, failures: {}, answersSinceMs: undefined }

/** The third failure in a row counts as an outage. */
const FAILURES_UNTIL_DOWN = 3

const ABSENT_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])
const SILENT_CODES: ReadonlySet<unknown> = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'])

/**
 * Returns what the end of a request shows, or `undefined` if it shows nothing. Results and events show nothing, because
 * their content may be the reason for the failure.
 */
export const factOf = (kind: RequestKind, error?: unknown): Fact | undefined => {
  if (kind === 'result' || kind === 'event') return undefined
  if (error === undefined || error instanceof RateLimitError || error instanceof UnknownWorkerError)
    return 'answered'
  if (error instanceof AuthError) return 'unauthorized'
  if (error instanceof UnreachableError) return factWithoutResponse(error)
  return error instanceof ResponseError || error instanceof ProtocolError ? 'failed' : undefined
}

const factWithoutResponse = ({ cause }: UnreachableError): Fact | undefined => {
  const { code } = (cause ?? {}) as NodeJS.ErrnoException
  if (code === 'ECANCELED') return undefined
  if (SILENT_CODES.has(code)) return 'silent'
  return ABSENT_CODES.has(code) ? 'absent' : 'failed'
}

export const healthAfter = (health: Health, kind: RequestKind, fact: Fact, nowMs: number): Health => {
  switch (fact) {
    case 'answered':
      return answered(health, kind, nowMs)
    case 'failed':
      return failed(health, kind)
    case 'absent':
    case 'silent':
    case 'unauthorized':
      return { up: false, failures: {}, answersSinceMs: undefined }
  }
}

const answered = (health: Health, kind: RequestKind, nowMs: number): Health => {
  const { up, failures, answersSinceMs } = health
  // The hot path: each response passes here, so nothing is allocated unless something changes.
  if (up && answersSinceMs !== undefined && failures[kind] === undefined) return health
  const { [kind]: _, ...others } = failures
  return { up: true, failures: up ? others : {}, answersSinceMs: answersSinceMs ?? nowMs }
}

const failed = ({ up, failures }: Health, kind: RequestKind): Health => {
  const inARow = (failures[kind] ?? 0) + 1
  return {
    up: up && inARow < FAILURES_UNTIL_DOWN,
    failures: { ...failures, [kind]: inARow },
    answersSinceMs: undefined,
  }
}

/** Whether an orchestrator answers again that did not. Pure. */
export const endsOutage = (before: Health, now: Health): boolean =>
  before !== UNTRIED && before.answersSinceMs === undefined && now.answersSinceMs !== undefined

/** Hears of changes in the health of an orchestrator. */
export interface HealthObserver {
  healthChanged(): void
}
