import { refusesToken } from '../protocol/answers.js'
import type { Protocol, ShortLivedToken, WireAnswer } from '../protocol/protocol.js'
import type { Transport } from '../transport/http.js'
import { monotonicMs } from '../utils/time.js'

export interface WorkerTokenOptions {
  /** The configured one. */
  readonly token: string
  /** Whether short-lived tokens are wanted in its place. */
  readonly isExchanged: boolean
  readonly protocol: () => Pick<Protocol, 'writeTokenRequest' | 'readToken'>
  readonly transport: Pick<Transport, 'send' | 'authorize'>
  /** No short-lived token can be had; told once for each new reason. */
  readonly onTrouble: ((error: Error) => void) | undefined
}

const DEADLINE_MS = 15_000
/** When the next one is asked for, as a part of its life. */
const RIPE = 0.8
/** When it is tried again after a failure, in ms: past the window of the orchestrators' limiter. */
const RETRY_MS = 61_000

/**
 * The token that one orchestrator is shown: the configured one, or a short-lived one in its place. While none of those
 * can be had the configured one is shown. Nothing is ever signed with it.
 */
export class WorkerToken {
  readonly #options: WorkerTokenOptions
  #lent: ShortLivedToken | undefined
  #dueMs = Number.NEGATIVE_INFINITY
  #renewing: Promise<void> | undefined
  #trouble: string | undefined

  constructor(options: WorkerTokenOptions) {
    this.#options = options
  }

  get token(): string {
    return this.#lent?.token ?? this.#options.token
  }

  /** Whether an answer to what came with the token `shown` calls for another one. */
  isRefused(shown: string, answer: WireAnswer): boolean {
    return shown !== this.#options.token && refusesToken(answer)
  }

  /** Asks for the next one when it is time for that. Never rejects. */
  async keep(): Promise<void> {
    const { isExchanged, protocol } = this.#options
    if (isExchanged && protocol().writeTokenRequest && monotonicMs() >= this.#dueMs)
      await this.renew(this.token)
  }

  /** Brings another one, unless `shown` is not the present one any more. Never rejects. */
  async renew(shown: string): Promise<void> {
    if (shown !== this.token) return
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined
    })
    await this.#renewing
  }

  async #renew(): Promise<void> {
    const refreshToken = this.#lent?.refreshToken
    if (refreshToken !== undefined && (await this.#obtain(refreshToken)) === undefined) return
    this.#show(undefined)
    const error = await this.#obtain()
    if (error && error.message !== this.#trouble) this.#options.onTrouble?.(error)
    this.#trouble = error?.message
  }

  /** @returns what is in the way */
  async #obtain(refreshToken?: string): Promise<Error | undefined> {
    const { protocol, transport } = this.#options
    const { writeTokenRequest, readToken } = protocol()
    if (!writeTokenRequest || !readToken) return undefined
    this.#dueMs = monotonicMs() + RETRY_MS
    try {
      const request = { ...writeTokenRequest(refreshToken), deadlineMs: DEADLINE_MS }
      const lent = readToken(await transport.send(request))
      this.#show(lent)
      this.#dueMs = monotonicMs() + RIPE * lent.lifetimeMs
      return undefined
    } catch (error) {
      return error as Error
    }
  }

  #show(lent: ShortLivedToken | undefined): void {
    this.#lent = lent
    this.#options.transport.authorize(this.token)
  }
}
