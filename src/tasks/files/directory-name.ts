import { createHash } from 'node:crypto'

const LONGEST = 150

const percent = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')

/**
 * Encodes any task id as one segment of a path or key. `A-Z a-z 0-9 _ -` and inner dots stay, all other characters are
 * percent-encoded. A long id is cut, and a hash keeps it unique. Pure.
 */
export const directoryNameOf = (taskId: string): string => {
  // Lone surrogates all have the same UTF-8 replacement. Only the hash keeps such ids apart.
  const encoded = taskId.replace(/^\.|[^\w.-]/gu, percent) || '%'
  if (encoded.length <= LONGEST && !/\p{Cs}/u.test(taskId)) return encoded
  const hash = createHash('sha256').update(taskId, 'utf16le').digest('hex').slice(0, 32)
  return `${encoded.slice(0, LONGEST - 33)}~${hash}`
}
