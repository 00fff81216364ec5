import { createHash } from 'node:crypto'

const LONGEST = 150

const percent = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')

/**
 * A task id as one segment of a path or key, whatever the orchestrator has put into it: `A-Z a-z 0-9 _ -` and inner
 * dots stay, all else is percent-encoded, and a long one is cut and told apart by a hash. Pure.
 */
export const directoryNameOf = (taskId: string): string => {
  // A lone half of a surrogate pair has no UTF-8; two of them must not become the same name.
  const encoded = taskId.replace(/^\.|[^\w.-]/gu, percent) || '%'
  if (encoded.length <= LONGEST && !/\p{Cs}/u.test(taskId)) return encoded
  const hash = createHash('sha256').update(taskId, 'utf16le').digest('hex').slice(0, 32)
  return `${encoded.slice(0, LONGEST - 33)}~${hash}`
}
