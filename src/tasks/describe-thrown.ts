import { inspect } from 'node:util'
import { isError } from '../utils/is-error.js'

/** The longest message in characters: enough to understand a failure, too short to fill the orchestrator's storage. */
const LONGEST = 4_000

/** Returns a message for any thrown value: an error, a string, null, an object whose getters throw. Never throws. */
export const describeThrown = (thrown: unknown): string => {
  const text = textOf(thrown)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

/** Returns a thrown value in a form for a log line: an error unchanged, any other value as text. Never throws. */
export const loggable = (thrown: unknown): Error | string => {
  if (!isError(thrown)) return describeThrown(thrown)
  return Object.isExtensible(thrown) ? thrown : copyOf(thrown)
}

/** Some loggers, such as pino, mark the errors that they write. A frozen error would cost them the line. */
const copyOf = ({ name, message, stack = message, cause }: Error): Error =>
  Object.assign(new Error(message, { cause }), { name, stack })

const textOf = (thrown: unknown): string => {
  try {
    if (thrown instanceof Error) return String(thrown.message || thrown.name)
    return typeof thrown === 'string' ? thrown : `thrown: ${inspect(thrown, { depth: 1 })}`
  } catch {
    return 'a value was thrown that cannot be described'
  }
}
