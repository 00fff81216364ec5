import { seededDice } from './dice.js'

/** Where in an exchange something goes wrong: before the server has heard of it, or after it has acted on it. */
export type Moment = 'before' | 'after'

/** What the proxy does to one request. `before` the server is not asked, `after` its answer is not passed on. */
export type Fault =
  | { readonly kind: 'pass' }
  /** Passed on, this much later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The client's connection is closed (FIN), or torn down (RST). */
  | { readonly kind: 'close' | 'reset'; readonly when: Moment }
  /** Half of the answer, then RST. */
  | { readonly kind: 'cut' }
  /** Nothing ever comes back; the connection stays. */
  | { readonly kind: 'silence'; readonly when: Moment }
  /** The proxy ends its side after half of the answer's head, and leaves the other side open. */
  | { readonly kind: 'half-close' }
  /** The answer with a few bytes of its body overwritten. */
  | { readonly kind: 'corrupt' }
  /** The proxy answers by itself. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly body?: string
      readonly type?: string
      readonly headers?: Readonly<Record<string, string>>
    }
  /** A JSON answer of this size that means nothing. */
  | { readonly kind: 'huge'; readonly bytes: number }

/** A request, as far as it matters for what is done to it. */
export interface SeenRequest {
  /** Counts from 0. */
  readonly index: number
  readonly method: string
  readonly path: string
  readonly token: string | undefined
  readonly body: string
  /** Which process has sent it, counted from 0, as it says itself. The end of a process may be seen before its last connection. */
  readonly life: number
}

/** The header in which a worker says which life it is. */
export const LIFE_HEADER = 'x-life'

/** Decides about each request; called once for each, in the order in which they come. */
export type Plan = (request: SeenRequest) => Fault

export const PASS: Fault = { kind: 'pass' }
export const HTML: Fault = {
  kind: 'answer',
  status: 502,
  body: '<html><h1>502 Bad Gateway</h1></html>',
  type: 'text/html',
}

/** It says how long to be silent: else each silence is longer than the last, up to a minute. */
const REFUSED: Fault = {
  kind: 'answer',
  status: 429,
  body: '{"error": "Too Many Requests"}',
  type: 'application/json',
  headers: { 'retry-after': '1' },
}

/** Everything that ends soon; what never ends is left to those who move the clock. */
export const QUICK_FAULTS: readonly Fault[] = [
  { kind: 'delay', ms: 20 },
  { kind: 'close', when: 'before' },
  { kind: 'close', when: 'after' },
  { kind: 'reset', when: 'before' },
  { kind: 'reset', when: 'after' },
  { kind: 'cut' },
  { kind: 'half-close' },
  { kind: 'corrupt' },
  REFUSED,
  { kind: 'answer', status: 500, body: '500 Internal Server Error' },
  { kind: 'answer', status: 503, body: '{"error": "unavailable"}', type: 'application/json' },
  HTML,
  { kind: 'answer', status: 200, body: '<html>sign in</html>', type: 'text/html' },
  { kind: 'huge', bytes: 200_000 },
]

/** All of them; rarely those that a worker has to sit out, as silence and a limit of rate. */
export const ALL_FAULTS: readonly Fault[] = [
  ...Array.from({ length: 10 }, () => QUICK_FAULTS.filter(({ kind }) => kind !== 'answer')).flat(),
  ...Array.from({ length: 10 }, () =>
    QUICK_FAULTS.filter((fault) => fault.kind === 'answer' && fault.status !== 429),
  ).flat(),
  REFUSED,
  { kind: 'silence', when: 'before' },
  { kind: 'silence', when: 'after' },
]

/**
 * Faults at random: the same seed does the same to the same sequence of requests.
 *
 * @param rate - the share of requests that are harmed, 0 … 1
 */
export const randomFaults = (seed: number, rate: number, faults: readonly Fault[] = QUICK_FAULTS): Plan => {
  const dice = seededDice(seed)
  return () => {
    if (dice() >= rate) return PASS
    return faults[Math.floor(dice() * faults.length)] ?? PASS
  }
}
