import { setTimeout as pause } from 'node:timers/promises'

export interface Patience {
  /** How long to go on asking. */
  readonly deadlineMs?: number
  /** The pause between two questions. */
  readonly pauseMs?: number
}

/** Long enough for a machine that has much else to do: only what never comes true takes so long. */
const DEADLINE_MS = 60_000

/**
 * Asks again and again until the answer is neither `undefined` nor `false`; for what can only be seen by asking, like
 * a job's state over HTTP.
 *
 * @throws Error at the deadline, with what was hoped for and the last thing `describe` saw
 */
export const eventually = async <T>(
  hope: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  patience: Patience = {},
  describe: () => unknown = () => undefined,
): Promise<T> => {
  const { deadlineMs = DEADLINE_MS, pauseMs = 25 } = patience
  const end = performance.now() + deadlineMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > end) throw new Error(notInTime(hope, deadlineMs, describe()))
    await pause(pauseMs)
  }
}

const notInTime = (hope: string, deadlineMs: number, seen: unknown): string => {
  const last = seen === undefined ? '' : `; last seen: ${JSON.stringify(seen)}`
  return `not within ${deadlineMs} ms: ${hope}${last}`
}
