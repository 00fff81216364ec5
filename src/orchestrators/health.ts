import {
  AuthError,
  ProtocolError,
  RateLimitError,
  ResponseError,
  UnknownWorkerError,
  UnreachableError,
} from '../errors.js'

/** What is asked of an orchestrator; each kind has a rate limit of its own there. */
export type RequestKind = 'registration' | 'heartbeat' | 'poll' | 'result' | 'event'

/** What one request has shown of its orchestrator. */
export type Fact =
  /** It works, or it says in its own words that it will not at present. */
  | 'answered'
  /** One exchange came to nothing: a connection that broke, a 5xx, an answer that cannot be understood. */
  | 'failed'
  /** Nobody is there: refused, no such name, no way there, no answer in time. */
  | 'absent'
  /** It refuses the token. */
  | 'unauthorized'

/** How an orchestrator does. Pure: the caller brings the clock. */
export interface Health {
  /** Whether work can be had there, as far as is known. */
  readonly up: boolean
  /** How often in a row each kind of request has failed. */
  readonly failures: Readonly<Partial<Record<RequestKind, number>>>
  /** Since when it has answered without a failure in between; `undefined` while it fails or was never asked. */
  readonly answersSinceMs: number | undefined
}

/** Nothing is held against an orchestrator that was never asked. */
export const UNTRIED: Health = { up: true, failures: {}, answersSinceMs: undefined }

/** One broken connection is no outage, nor are two; a third in a row is. */
const FAILURES_UNTIL_DOWN = 3

const ABSENT_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
])

/**
 * What the end of a request shows; `undefined`: nothing. A result that is not taken may itself be the reason, so
 * results and events show nothing.
 */
export const factOf = (kind: RequestKind, error?: unknown): Fact | undefined => {
  if (kind === 'result' || kind === 'event') return undefined
  if (error === undefined || error instanceof RateLimitError || error instanceof UnknownWorkerError)
    return 'answered'
  if (error instanceof AuthError) return 'unauthorized'
  if (error instanceof UnreachableError) return factOfSilence(error)
  return error instanceof ResponseError || error instanceof ProtocolError ? 'failed' : undefined
}

const factOfSilence = ({ cause }: UnreachableError): Fact | undefined => {
  const { code } = (cause ?? {}) as NodeJS.ErrnoException
  if (code === 'ECANCELED') return undefined
  return ABSENT_CODES.has(code) ? 'absent' : 'failed'
}

export const healthAfter = (health: Health, kind: RequestKind, fact: Fact, nowMs: number): Health => {
  switch (fact) {
    case 'answered':
      return answered(health, kind, nowMs)
    case 'failed':
      return failed(health, kind)
    case 'absent':
    case 'unauthorized':
      return { up: false, failures: {}, answersSinceMs: undefined }
  }
}

const answered = (health: Health, kind: RequestKind, nowMs: number): Health => {
  const { up, failures, answersSinceMs } = health
  // What every request comes by must cost nothing.
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
