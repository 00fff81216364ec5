/** No space left, or the user's share of it is used up. */
const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** Whether an error, or one that it came from, says that a disk is full. Never throws, whatever was thrown. */
export const isDiskFull = (thrown: unknown): boolean => {
  try {
    return saysFull(thrown)
  } catch {
    return false
  }
}

const saysFull = (thrown: unknown): boolean => {
  let current = thrown
  for (let depth = 0; depth < 10 && current instanceof Error; depth++) {
    if (FULL.has((current as NodeJS.ErrnoException).code ?? '')) return true
    current = current.cause
  }
  return false
}
