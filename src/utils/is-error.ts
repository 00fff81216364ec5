/** Whether an error was thrown; a proxy may refuse to be asked. Never throws. */
export const isError = (thrown: unknown): thrown is Error => {
  try {
    return thrown instanceof Error
  } catch {
    return false
  }
}
