/** The signals that ask a process to end. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

type Listener = (signal: string) => void

/** The workers of this process share one listener for each signal, as Node warns of more than ten. */
const listeners = new Set<Listener>()
const relay: Listener = (signal) => {
  for (const listener of [...listeners]) listener(signal)
}

const listen = (listener: Listener): void => {
  if (listeners.size === 0) for (const signal of SIGNALS) process.on(signal, relay)
  listeners.add(listener)
}

const unlisten = (listener: Listener): void => {
  listeners.delete(listener)
  if (listeners.size === 0) for (const signal of SIGNALS) process.off(signal, relay)
}

/**
 * Calls `drain` at the first signal and `hurry` at the second. A third signal ends the process as if nobody listened.
 *
 * @returns a function that stops listening
 */
export const onShutdownSignals = (drain: Listener, hurry: Listener): (() => void) => {
  const steps = [drain, hurry]
  const listener = (signal: string): void => {
    const step = steps.shift()
    if (steps.length === 0) unlisten(listener)
    step?.(signal)
  }
  listen(listener)
  return () => unlisten(listener)
}

/** Ends the process even if something keeps it busy. */
export const endProcess = (exitCode: number): never => process.exit(exitCode)
