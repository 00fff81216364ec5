import { RateLimitError, ResponseError, UnreachableError } from '../errors.js'
import { Histogram } from '../utils/histogram.js'
import type { RequestKind } from './health.js'

/**
 * The end of a request.
 *
 * - `ok`: the orchestrator answered with what was asked for.
 * - `refused`: it answered with a status from 400 to 499.
 * - `failed`: it answered with another error status, or with a response that cannot be read.
 * - `unreachable`: no response came.
 */
export type RequestOutcome = 'ok' | 'refused' | 'failed' | 'unreachable'

export const REQUEST_KINDS: readonly RequestKind[] = ['registration', 'heartbeat', 'poll', 'result', 'event']
export const REQUEST_OUTCOMES: readonly RequestOutcome[] = ['ok', 'refused', 'failed', 'unreachable']

/** The upper limits of the ranges of durations, in seconds. Polls take up to half a minute, other requests up to 15 s. */
const BOUNDS_S = [0.005, 0.025, 0.1, 0.5, 2.5, 15, 40]

/** The name that a metric gives to an error; `undefined` for a request that this worker cancelled. */
export const outcomeOf = (error: unknown): RequestOutcome | undefined => {
  if (error instanceof RateLimitError) return 'refused'
  if (error instanceof ResponseError) return error.status >= 400 && error.status < 500 ? 'refused' : 'failed'
  if (!(error instanceof UnreachableError)) return 'failed'
  return (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ECANCELED' ? undefined : 'unreachable'
}

const forEachOutcome = (): Readonly<Record<RequestOutcome, Histogram>> => ({
  ok: new Histogram(BOUNDS_S),
  refused: new Histogram(BOUNDS_S),
  failed: new Histogram(BOUNDS_S),
  unreachable: new Histogram(BOUNDS_S),
})

/** How long the requests to one orchestrator took, by kind and outcome. */
export class RequestStats {
  /** In seconds. */
  readonly durations: Readonly<Record<RequestKind, Readonly<Record<RequestOutcome, Histogram>>>> = {
    registration: forEachOutcome(),
    heartbeat: forEachOutcome(),
    poll: forEachOutcome(),
    result: forEachOutcome(),
    event: forEachOutcome(),
  }
  #polledMs = 0

  /** When the last poll was answered, on the monotonic clock; 0 before. */
  get polledMs(): number {
    return this.#polledMs
  }

  /** @param sentMs - when the request was sent, on the monotonic clock, like `nowMs` */
  ended(kind: RequestKind, outcome: RequestOutcome, sentMs: number, nowMs: number): void {
    this.durations[kind][outcome].observe((nowMs - sentMs) / 1_000)
    if (kind === 'poll' && outcome === 'ok') this.#polledMs = nowMs
  }

  /** Adds the requests of another connection to the same orchestrator. */
  add(other: RequestStats): void {
    for (const kind of REQUEST_KINDS)
      for (const outcome of REQUEST_OUTCOMES)
        this.durations[kind][outcome].add(other.durations[kind][outcome])
    this.#polledMs = Math.max(this.#polledMs, other.polledMs)
  }
}
