/** The signals a process is asked to end with. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Calls `politely` at the first signal and `now` at the second; a third one ends the process as if nobody listened.
 *
 * @returns stops listening
 */
export const onShutdownSignals = (
  politely: (signal: string) => void,
  now: (signal: string) => void,
): (() => void) => {
  const steps = [politely, now]
  const heard = (signal: string): void => {
    const step = steps.shift()
    if (steps.length === 0) stop()
    step?.(signal)
  }
  const stop = (): void => {
    for (const signal of SIGNALS) process.off(signal, heard)
  }
  for (const signal of SIGNALS) process.on(signal, heard)
  return stop
}

/** Ends the process even if something still keeps it busy. */
export const endProcess = (exitCode: number): never => process.exit(exitCode)
