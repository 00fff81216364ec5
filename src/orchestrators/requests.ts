import { AuthError, RateLimitError, StaleMessageError, UnreachableError } from '../errors.js'
import type { Protocol, WireAnswer, WireRequest } from '../protocol/protocol.js'
import type { CancelGroup } from '../transport/cancel-group.js'
import type { HttpRequest } from '../transport/exchange.js'
import type { Transport } from '../transport/http.js'
import { isLimited, type Pace, passed, quietMs, refused, UNLIMITED } from '../transport/pace.js'
import { monotonicMs } from '../utils/time.js'
import { type Fact, factOf, type RequestKind } from './health.js'
import type { LearnedClock } from './server-clock.js'
import type { WorkerToken } from './worker-token.js'

export interface RequestsOptions {
  readonly transport: Pick<Transport, 'send'>
  /** The configured token. */
  readonly token: string
  readonly workerToken: WorkerToken
  readonly clock: LearnedClock
  readonly protocol: () => Pick<Protocol, 'extraHoldMs'>
  /** How long the server may hold a poll, margin included, in ms. */
  readonly pollDeadlineMs: number
  /** What each request has shown. */
  readonly onFact: ((kind: RequestKind, fact: Fact) => void) | undefined
  /** It cannot be reached, or refuses the token: it may be another one now, or the same with an empty memory. */
  readonly onTrouble: () => void
}

/** Anything that is answered at once. */
const CALL_DEADLINE_MS = 15_000
/** Of the margin in a poll's deadline, what a poll that is held for longer does not need: nobody waits for a dead line in vain. */
const SPARE_MS = 6_000

/** Sends requests to one orchestrator, each with its token and its deadline, and remembers the pace that it allows. */
export class Requests {
  readonly #options: RequestsOptions
  readonly #paces: Record<RequestKind, Pace> = {
    registration: UNLIMITED,
    heartbeat: UNLIMITED,
    poll: UNLIMITED,
    result: UNLIMITED,
    event: UNLIMITED,
  }

  constructor(options: RequestsOptions) {
    this.#options = options
  }

  /** How long to keep silent about one kind of request after a refusal, in ms. */
  quietMs(kind: RequestKind): number {
    return quietMs(this.#paces[kind], monotonicMs())
  }

  /** Whether requests of this kind are to go one at a time. */
  isLimited(kind: RequestKind): boolean {
    return isLimited(this.#paces[kind], monotonicMs())
  }

  /** @param read - makes something of the answer, or throws */
  // The hot path: a chained promise costs less than an async function's, and a plain object less than a spread.
  ask<T>(
    kind: RequestKind,
    { method, path, body, onBehalfOf }: WireRequest,
    read: (answer: WireAnswer) => T,
    cancelGroup?: CancelGroup,
  ): Promise<T> {
    const { transport, workerToken, pollDeadlineMs, protocol } = this.#options
    const isPoll = kind === 'poll'
    const deadlineMs = isPoll ? pollDeadlineMs : CALL_DEADLINE_MS
    const extraHoldMs = isPoll ? (protocol().extraHoldMs ?? SPARE_MS) - SPARE_MS : 0
    // A short-lived token is this worker's alone.
    const token = onBehalfOf === undefined ? workerToken.token : this.#options.token
    const headers =
      onBehalfOf === undefined ? undefined : { 'x-worker-id': onBehalfOf, 'x-worker-token': token }
    const request = { method, path, body, headers, deadlineMs, extraHoldMs, cancelGroup }
    return transport.send(request).then(
      (answer) =>
        workerToken.isRefused(token, answer)
          ? this.#askAnew(kind, request, read, token)
          : this.#read(kind, read, answer),
      (error: unknown) => this.failed(kind, error),
    )
  }

  /** Notes what an error shows, and throws it. */
  failed(kind: RequestKind, error: unknown): never {
    this.#tell(kind, error)
    if (error instanceof UnreachableError || error instanceof AuthError) this.#options.onTrouble()
    throw error
  }

  /** A short-lived token was refused, before anything else was looked at: the same words go with another one. */
  async #askAnew<T>(
    kind: RequestKind,
    request: HttpRequest,
    read: (answer: WireAnswer) => T,
    token: string,
  ): Promise<T> {
    const { transport, workerToken } = this.#options
    await workerToken.renew(token)
    const answer = await transport.send(request).catch((error: unknown) => this.failed(kind, error))
    return this.#read(kind, read, answer)
  }

  #read<T>(kind: RequestKind, read: (answer: WireAnswer) => T, answer: WireAnswer): T {
    const { clock } = this.#options
    clock.learn(answer.headers['date'])
    try {
      const product = read(answer)
      const pace = this.#paces[kind]
      if (pace !== UNLIMITED) this.#paces[kind] = passed(pace)
      this.#tell(kind)
      return product
    } catch (error) {
      if (error instanceof RateLimitError) {
        this.#paces[kind] = refused(this.#paces[kind], monotonicMs(), error.retryAfterMs)
      }
      if (error instanceof StaleMessageError) clock.correct(answer.headers['date'])
      return this.failed(kind, error)
    }
  }

  #tell(kind: RequestKind, error?: unknown): void {
    const fact = factOf(kind, error)
    if (fact) this.#options.onFact?.(kind, fact)
  }
}
