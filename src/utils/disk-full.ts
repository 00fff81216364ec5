/** No space left, or the user's share of it is used up. */
const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** Whether an error, or one that it came from, says that a disk is full. */
export const isDiskFull = (error: unknown): boolean => {
  let current = error
  for (let depth = 0; depth < 10 && current instanceof Error; depth++) {
    if (FULL.has((current as NodeJS.ErrnoException).code ?? '')) return true
    current = current.cause
  }
  return false
}
