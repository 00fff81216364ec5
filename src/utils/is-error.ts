/** Returns whether a thrown value is an Error. Never throws, not even for a proxy whose traps throw. */
export const isError = (thrown: unknown): thrown is Error => {
  try {
    return thrown instanceof Error
  } catch {
    return false
  }
}
