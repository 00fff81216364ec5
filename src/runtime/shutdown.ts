import { monotonicMs } from '../utils/time.js'

/** The signals that ask a process to end. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** One Ctrl+C arrives twice if npm, tsx or `node --watch` passes it on as well: within this time it counts once, in ms. */
const SAME_SIGNAL_MS = 500

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
 * Calls `drain` at the first signal and `hurry` at the second. A third signal ends the process as if nobody listened. The same
 * signal within half a second counts once.
 *
 * @returns a function that stops listening
 */
export const onShutdownSignals = (drain: Listener, hurry: Listener): (() => void) => {
  const steps = [drain, hurry]
  const lastMs = new Map<string, number>()
  const listener = (signal: string): void => {
    const nowMs = monotonicMs()
    const isRepeated = nowMs - (lastMs.get(signal) ?? Number.NEGATIVE_INFINITY) < SAME_SIGNAL_MS
    if (isRepeated) return
    lastMs.set(signal, nowMs)
    const step = steps.shift()
    if (steps.length === 0) unlisten(listener)
    step?.(signal)
  }
  listen(listener)
  return () => unlisten(listener)
}

/** Ends the process even if something keeps it busy. */
export const endProcess = (exitCode: number): never => process.exit(exitCode)
