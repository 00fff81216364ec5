import { inspect } from 'node:util'
import { isError } from '../utils/is-error.js'

/** Enough to understand a failure, not enough to fill the orchestrator's storage. */
const LONGEST = 4_000

/** A message for whatever was thrown: an error, a string, null, an object whose getters throw. Never throws. */
export const describeThrown = (thrown: unknown): string => {
  const text = textOf(thrown)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

/** What was thrown, fit for a log line: an error as it is, the rest in words. Never throws. */
export const loggable = (thrown: unknown): Error | string =>
  isError(thrown) ? thrown : describeThrown(thrown)

const textOf = (thrown: unknown): string => {
  try {
    if (thrown instanceof Error) return String(thrown.message || thrown.name)
    return typeof thrown === 'string' ? thrown : `thrown: ${inspect(thrown, { depth: 1 })}`
  } catch {
    return 'something was thrown that cannot be described'
  }
}
