/** No space is left on the device, or the user's disk quota is used up. */
const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** Returns whether an error or one of its causes says that a disk is full. Never throws, whatever was thrown. */
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
