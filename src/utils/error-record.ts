import { inspect } from 'node:util'
import { isError } from './is-error.js'

/** How much of a stack or of a message is logged, in characters. */
const LONGEST = 10_000
/** How much of any other member is logged, in characters. */
const LONGEST_MEMBER = 1_000
/** How many causes are followed. */
const DEEPEST = 10
/** How many errors of an AggregateError are logged. */
const MOST_ERRORS = 10

const SECRET = /token|secret|password|passwd|authorization|cookie|api_?key|private/i

/**
 * Returns the members of an error that belong in a log: type, message, the stacks of the error and of its causes, and its
 * short members such as `code`. Objects are left out, because libraries attach whole requests with their headers. Never throws.
 */
export const errorRecord = (thrown: unknown): unknown => {
  if (!isError(thrown)) return thrown
  try {
    return recordOf(thrown, DEEPEST)
  } catch {
    return { type: 'Error', message: 'an error that cannot be read' }
  }
}

const recordOf = (error: Error, depth: number): object => {
  const type = (error.constructor as { name?: unknown } | undefined)?.name || error.name
  const record: Record<string, unknown> = { type, message: cut(String(error.message), LONGEST) }
  record['stack'] = cut(stacksOf(error).join('\ncaused by: '), LONGEST * 2)
  for (const [name, value] of Object.entries(error)) {
    if (name in record || SECRET.test(name)) continue
    if (typeof value === 'string') record[name] = cut(value, LONGEST_MEMBER)
    else if (typeof value === 'number' || typeof value === 'boolean') record[name] = value
  }
  const inner = (error as { errors?: unknown }).errors
  if (Array.isArray(inner) && depth > 0)
    record['errors'] = inner
      .slice(0, MOST_ERRORS)
      .map((each: unknown) => (isError(each) ? recordOf(each, depth - 1) : textOf(each)))
  return record
}

const stacksOf = (error: Error): string[] => {
  const stacks: string[] = []
  let next: unknown = error
  for (const seen = new Set(); next !== undefined && stacks.length < DEEPEST && !seen.has(next); ) {
    seen.add(next)
    stacks.push(cut(isError(next) ? stackOf(next) : textOf(next), LONGEST))
    next = isError(next) ? next.cause : undefined
  }
  return stacks
}

/** Some programs change the message after the stack was made. */
const stackOf = (error: Error): string => {
  const { stack, message } = error
  const head = `${error.name}: ${message}`
  if (typeof stack !== 'string' || stack === '') return head
  return stack.includes(String(message)) ? stack : `${head}\n${stack}`
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : inspect(value, { depth: 1 }))

const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length)}…` : text
