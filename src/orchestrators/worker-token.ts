import { RateLimitError } from '../errors.js'
import { refusal, refusesToken } from '../protocol/answers.js'
import type { ShortLivedToken, WireAnswer } from '../protocol/protocol.js'
import { MAX_RETRY_AFTER_MS } from '../transport/pace.js'
import type { Logger } from '../utils/logger.js'
import { monotonicMs } from '../utils/time.js'
import { TroubleLines } from '../utils/trouble-lines.js'
import type { Link } from './link.js'
import type { Target } from './target.js'

const DEADLINE_MS = 15_000
/** When a token is renewed, as a part of its lifetime. */
const RENEW_AT = 0.8
/** How long to wait after a failed request, in ms: longer than the window of the orchestrators' rate limiter. */
const RETRY_MS = 61_000
/** The least time between two renewals that are due to the lifetime, in ms. */
const SHORTEST_LIFE_MS = 1_000

/**
 * The token that authenticates this worker at one orchestrator: a short-lived one, or the configured one if there is no
 * short-lived one. It signs nothing.
 */
export class WorkerToken {
  readonly #target: Target
  readonly #link: Link
  readonly #log: Logger | undefined
  #shortLived: ShortLivedToken | undefined
  #dueMs = Number.NEGATIVE_INFINITY
  #renewal: Promise<void> | undefined
  /** Whether the orchestrator has accepted a request with this token. */
  #isProven = false
  /** The last error that was logged. */
  readonly #troubles = new TroubleLines()
  #isClosed = false

  constructor(target: Target, link: Link, log: Logger | undefined) {
    this.#target = target
    this.#link = link
    this.#log = log
  }

  get configured(): string {
    return this.#target.target.token
  }

  /** The token to send at this moment. */
  get current(): string {
    return this.#shortLived?.token ?? this.configured
  }

  /** Whether `answer` refuses `sent`, and `sent` is a short-lived token that can be replaced. */
  isRefused(sent: string, answer: WireAnswer): boolean {
    if (sent === this.configured) return false
    if (answer.status < 400 && sent === this.current) this.#isProven = true
    return refusesToken(answer) || this.#isTooLong(answer)
  }

  /** Replaces the refused token `sent`, as {@link renew} does. Never rejects. */
  async replace(sent: string, answer: WireAnswer): Promise<void> {
    if (!this.#isTooLong(answer)) return this.renew(sent)
    if (this.#isClosed || sent !== this.current) return
    // The next token would be as long.
    this.#use(undefined)
    this.#dueMs = monotonicMs() + RETRY_MS
    this.#report(refusal('A request with a short-lived token', answer))
  }

  /** Renews the token if it is time. Never rejects. */
  async keepFresh(): Promise<void> {
    const { usesSts } = this.#target.settings
    if (usesSts && this.#link.detector.protocol.writeTokenRequest && monotonicMs() >= this.#dueMs)
      await this.renew(this.current)
  }

  /** Replaces the token `sent`, unless that happened already. Concurrent callers share one renewal. Never rejects. */
  async renew(sent: string): Promise<void> {
    if (this.#isClosed || sent !== this.current) return
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined
    })
    await this.#renewal
  }

  /** Renews nothing any more. A renewal in flight ends without a warning. */
  close(): void {
    this.#isClosed = true
  }

  async #renew(): Promise<void> {
    const refreshToken = this.#shortLived?.refreshToken
    if (refreshToken !== undefined && (await this.#request(refreshToken)) === undefined) return
    this.#use(undefined)
    const error = await this.#request()
    if (!this.#isClosed) this.#report(error)
  }

  /** @returns why there is no new token */
  async #request(refreshToken?: string): Promise<Error | undefined> {
    const { detector, transport, redactor } = this.#link
    const { writeTokenRequest, readToken } = detector.protocol
    if (!writeTokenRequest || !readToken) return undefined
    if (detector.downgrade) return detector.downgrade
    this.#dueMs = monotonicMs() + RETRY_MS
    try {
      const request = { ...writeTokenRequest(refreshToken), deadlineMs: DEADLINE_MS }
      const token = readToken(await transport.send(request))
      redactor.add(token.token)
      if (token.refreshToken !== undefined) redactor.add(token.refreshToken)
      this.#use(token)
      this.#dueMs = monotonicMs() + Math.max(SHORTEST_LIFE_MS, RENEW_AT * token.lifetimeMs)
      return undefined
    } catch (error) {
      if (error instanceof RateLimitError) this.#dueMs = monotonicMs() + pauseFor(error)
      return error as Error
    }
  }

  /** Servers and proxies answer 431 or 400 to a header that is too long. A token that was accepted once is not too long. */
  #isTooLong({ status }: WireAnswer): boolean {
    return status === 431 || (status === 400 && !this.#isProven)
  }

  #use(token: ShortLivedToken | undefined): void {
    this.#isProven = false
    this.#shortLived = token
    this.#link.transport.authorize(this.current)
  }

  /** One line for each new error, not one for each retry. */
  #report(error: Error | undefined): void {
    if (!error) this.#troubles.over()
    if (!error || !this.#troubles.isNew(error.message)) return
    this.#log?.warn(
      { orchestrator: this.#target.target.url, err: error },
      'Short-lived token (STS) not received: the worker uses the configured token and retries in a minute',
    )
  }
}

const pauseFor = ({ retryAfterMs = 0 }: RateLimitError): number =>
  Math.min(Math.max(retryAfterMs, RETRY_MS), MAX_RETRY_AFTER_MS)
