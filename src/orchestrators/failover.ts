import type { Health } from './health.js'

/** Which of several orchestrators is used, in the order of preference. Pure: the caller brings the clock. */
export interface Failover {
  /** The place of the one that is used. */
  readonly active: number
  readonly sinceMs: number
  /** How long each has to answer before it is come back to, in ms; grows for one that does not last. */
  readonly patiencesMs: readonly number[]
}

/** How much steadiness is asked for. */
export interface Steadiness {
  /** How long a better one has to answer at first, in ms. */
  readonly patienceMs: number
  /** How long it has to answer at most, in ms. */
  readonly longestMs: number
  /** One that was used for this long has lasted, in ms. */
  readonly lastedMs: number
}

/** The steadiness that goes with heartbeats, which are what a better orchestrator is asked by. */
export const steadinessFor = (heartbeatIntervalMs: number): Steadiness => ({
  patienceMs: 2 * heartbeatIntervalMs,
  longestMs: 40 * heartbeatIntervalMs,
  lastedMs: 20 * heartbeatIntervalMs,
})

export const firstOf = (count: number, { patienceMs }: Steadiness, nowMs: number): Failover => ({
  active: 0,
  sinceMs: nowMs,
  patiencesMs: new Array<number>(count).fill(patienceMs),
})

/**
 * Stays where it is as long as that works, unless a better one has answered for a while. Away from one that is down it
 * goes to the best that is not; where all are down it stays.
 */
export const choose = (
  failover: Failover,
  healths: readonly Health[],
  steadiness: Steadiness,
  nowMs: number,
): Failover => {
  const { active, patiencesMs } = failover
  const better = healths.findIndex(
    (health, place) => place < active && hasLasted(health, patiencesMs[place], nowMs),
  )
  if (better >= 0) return { ...failover, active: better, sinceMs: nowMs }
  if (healths[active]?.up) return failover
  const next = healths.findIndex(({ up }) => up)
  if (next < 0) return failover
  return { active: next, sinceMs: nowMs, patiencesMs: afterFall(failover, steadiness, nowMs) }
}

/** Whom to ask how it does, besides the one that is used: the better ones, and everybody while that one is down. */
export const toAsk = ({ active }: Failover, healths: readonly Health[]): number[] => {
  const isDown = healths[active]?.up === false
  return [...healths.keys()].filter((place) => place < active || (isDown && place !== active))
}

const hasLasted = ({ up, answersSinceMs }: Health, patienceMs = 0, nowMs: number): boolean =>
  up && answersSinceMs !== undefined && nowMs - answersSinceMs >= patienceMs

const afterFall = ({ active, sinceMs, patiencesMs }: Failover, steadiness: Steadiness, nowMs: number) => {
  const lasted = nowMs - sinceMs >= steadiness.lastedMs
  return patiencesMs.map((patienceMs, place) => {
    if (place !== active) return patienceMs
    return lasted ? steadiness.patienceMs : Math.min(2 * patienceMs, steadiness.longestMs)
  })
}
