import { AuthError, DowngradeError, RateLimitError, StaleMessageError, UnreachableError } from '../errors.js'
import type { TraceHeaders } from '../protocol/messages.js'
import type { WireAnswer, WireRequest } from '../protocol/protocol.js'
import type { Settings } from '../settings.js'
import type { CancelGroup } from '../transport/cancel-group.js'
import {
  endOfLongLimit,
  isLimited,
  type Pace,
  passed,
  quietMs,
  refused,
  UNLIMITED,
} from '../transport/pace.js'
import type { HttpRequest } from '../transport/request-in-flight.js'
import { monotonicMs } from '../utils/time.js'
import { type Fact, factOf, type RequestKind } from './health.js'
import type { Link } from './link.js'
import { isCut, PollCut } from './poll-cut.js'
import { outcomeOf, RequestStats } from './request-stats.js'
import { responseLimits } from './response-limits.js'
import { pollDeadlineMs } from './target.js'
import type { WorkerToken } from './worker-token.js'

/** Learns what each request shows of its orchestrator. */
export interface RequestObserver {
  recordFact(kind: RequestKind, fact: Fact): void
}

/** How often an orchestrator allows requests, as its responses have shown. */
export interface RateLimits {
  /** How long to send no request of this kind after a 429, in ms; 0 if requests are allowed. */
  quietMs(kind: RequestKind): number
  /** Whether to send requests of this kind one at a time, because a 429 came within the last ten minutes. */
  isLimited(kind: RequestKind): boolean
}

/** The deadline of every request but a poll, in ms. */
const CALL_DEADLINE_MS = 15_000
/**
 * The part of its deadline that a poll does not need if the orchestrator holds it for `extraHoldMs` longer, in ms. A dead
 * connection is noticed that much earlier.
 */
const SPARE_MS = 6_000

/** Sends requests to one orchestrator, each with a token and a deadline, and remembers the rate limits. */
export class Requests implements RateLimits {
  readonly stats = new RequestStats()
  readonly #link: Link
  readonly #workerToken: WorkerToken
  readonly #observer: RequestObserver
  /** How long the server may hold a poll, network time included, in ms. */
  readonly #pollDeadlineMs: number
  readonly #limits: Readonly<Record<RequestKind, number>>
  readonly #paces: Record<RequestKind, Pace> = {
    registration: UNLIMITED,
    heartbeat: UNLIMITED,
    poll: UNLIMITED,
    result: UNLIMITED,
    event: UNLIMITED,
  }
  /** Whether the last heartbeat or registration was answered. */
  #heartbeatsPass = false

  constructor(
    settings: Pick<Settings, 'pollTimeoutMs' | 'maxTaskBytes'>,
    link: Link,
    workerToken: WorkerToken,
    observer: RequestObserver,
  ) {
    this.#link = link
    this.#workerToken = workerToken
    this.#observer = observer
    this.#pollDeadlineMs = pollDeadlineMs(settings)
    this.#limits = responseLimits(settings.maxTaskBytes)
  }

  quietMs(kind: RequestKind): number {
    return quietMs(this.#paces[kind], monotonicMs())
  }

  /** When a limit of more than a minute ends that keeps tasks from this worker; `-Infinity` without such a limit. */
  get longLimitEndMs(): number {
    const { poll, registration } = this.#paces
    if (poll === UNLIMITED && registration === UNLIMITED) return Number.NEGATIVE_INFINITY
    return Math.max(endOfLongLimit(poll), endOfLongLimit(registration))
  }

  isLimited(kind: RequestKind): boolean {
    return isLimited(this.#paces[kind], monotonicMs())
  }

  /**
   * Sends one request.
   *
   * @param read - turns the response into a value, or throws
   * @param cancelGroup - cancels the request with others
   * @param trace - the headers of the trace that the request continues
   * @throws UnreachableError, DowngradeError, or what `read` throws
   */
  // The hot path: a chained promise costs less than an async function, and a plain object less than a spread.
  ask<T>(
    kind: RequestKind,
    { method, path, body, onBehalfOf }: WireRequest,
    read: (answer: WireAnswer) => T,
    cancelGroup?: CancelGroup,
    trace?: TraceHeaders,
  ): Promise<T> {
    const { transport, detector } = this.#link
    const workerToken = this.#workerToken
    if (detector.downgrade) return this.#refuse(kind, detector.downgrade)
    const isPoll = kind === 'poll'
    const deadlineMs = isPoll ? this.#pollDeadlineMs : CALL_DEADLINE_MS
    const extraHoldMs = isPoll ? (detector.protocol.extraHoldMs ?? SPARE_MS) - SPARE_MS : 0
    // A short-lived token belongs to one worker id.
    const token = onBehalfOf === undefined ? workerToken.current : workerToken.configured
    const headers =
      onBehalfOf === undefined ? trace : { ...trace, 'x-worker-id': onBehalfOf, 'x-worker-token': token }
    const maxBytes = this.#limits[kind]
    // The start of a task that is too long shows its ids, so that the worker can report a failure.
    const takesCut = isPoll
    const sentMs = monotonicMs()
    const request = { method, path, body, headers, deadlineMs, extraHoldMs, cancelGroup, maxBytes, takesCut }
    return transport.send(request).then(
      (answer) =>
        workerToken.isRefused(token, answer)
          ? this.#askAgain(kind, request, read, { token, answer, sentMs })
          : this.#read(kind, read, answer, sentMs),
      (error: unknown) => this.failed(kind, error, sentMs),
    )
  }

  /**
   * Records what an error shows of the orchestrator, and throws the error.
   *
   * @param sentMs - when the request was sent, on the monotonic clock; without it no request was sent
   */
  failed(kind: RequestKind, error: unknown, sentMs = Number.POSITIVE_INFINITY): never {
    const nowMs = monotonicMs()
    const heldMs = kind === 'poll' ? nowMs - sentMs : 0
    const wasCut = isCut(error, heldMs, this.#heartbeatsPass)
    const outcome = wasCut ? 'ok' : outcomeOf(error)
    if (outcome && sentMs <= nowMs) this.stats.ended(kind, outcome, sentMs, nowMs)
    this.#record(kind, wasCut ? undefined : error)
    // A connection that breaks may also mean that the orchestrator was replaced.
    if (error instanceof UnreachableError || error instanceof AuthError || error instanceof DowngradeError) {
      const { detector, liveness } = this.#link
      detector.doubt()
      liveness.suspect()
    }
    throw wasCut ? new PollCut(error, heldMs) : error
  }

  /** Sends nothing. A rejection like any other, because callers wait for one. */
  async #refuse(kind: RequestKind, error: Error): Promise<never> {
    return this.failed(kind, error)
  }

  /** The orchestrator checks the token before the nonce, so the same text can be sent with another token. */
  async #askAgain<T>(
    kind: RequestKind,
    request: HttpRequest,
    read: (answer: WireAnswer) => T,
    refused: { readonly token: string; readonly answer: WireAnswer; readonly sentMs: number },
  ): Promise<T> {
    this.stats.ended(kind, 'refused', refused.sentMs, monotonicMs())
    await this.#workerToken.replace(refused.token, refused.answer)
    const sentMs = monotonicMs()
    const answer = await this.#link.transport
      .send(request)
      .catch((error: unknown) => this.failed(kind, error, sentMs))
    return this.#read(kind, read, answer, sentMs)
  }

  #read<T>(kind: RequestKind, read: (answer: WireAnswer) => T, answer: WireAnswer, sentMs: number): T {
    const { clock } = this.#link
    clock.update(answer.headers['date'])
    try {
      const value = read(answer)
      const pace = this.#paces[kind]
      if (pace !== UNLIMITED) this.#paces[kind] = passed(pace)
      this.stats.ended(kind, 'ok', sentMs, monotonicMs())
      this.#record(kind)
      return value
    } catch (error) {
      if (error instanceof RateLimitError) {
        this.#paces[kind] = refused(this.#paces[kind], monotonicMs(), error.retryAfterMs)
      }
      if (error instanceof StaleMessageError) clock.correct(answer.headers['date'])
      return this.failed(kind, error, sentMs)
    }
  }

  #record(kind: RequestKind, error?: unknown): void {
    if (kind === 'heartbeat' || kind === 'registration') this.#heartbeatsPass = error === undefined
    const fact = factOf(kind, error)
    if (fact) this.#observer.recordFact(kind, fact)
  }
}
