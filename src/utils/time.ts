import { type IntervalHistogram, performance as measured, monitorEventLoopDelay } from 'node:perf_hooks'

/** The only place for timers and clocks: tests move this clock, and nothing else in `src/` reads another one. */

/** A timer that has been started. */
export interface Timer {
  /** Stops the timer. Does nothing if it has fired. */
  cancel(): void
}

/** Returns milliseconds that never decrease. For measuring durations, not for dates. */
export const monotonicMs = (): number => performance.now()

/** Returns for how long the event loop has waited for events so far, in ms. The rest of the time, code has run. */
export const idleMs = (): number => measured.eventLoopUtilization().idle

/** Returns milliseconds since 1970 by this machine's clock, which may be set. For dates, not for measuring durations. */
export const wallMs = (): number => Date.now()

/** Returns for how long this process has run, in ms. */
export const uptimeMs = (): number => process.uptime() * 1_000

/** Measures every `resolutionMs` how late the event loop runs, in ns, until `disable` is called. Each value includes the resolution. */
export const measureLoopDelay = (resolutionMs: number): IntervalHistogram => {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs })
  delays.enable()
  return delays
}

/** Calls `action` in the next turn of the event loop, after the callbacks that are due now. */
export const nextTurn = (action: () => void): void => {
  setImmediate(action)
}

/** Calls `action` after the current function and all promise callbacks that follow from it. */
export const afterMicrotasks = (action: () => void): void => {
  process.nextTick(action)
}

/** The longest delay that Node's timers keep, in ms: 24.8 days. Node fires a timer with a longer delay after 1 ms. */
const LONGEST_TIMER_MS = 2_147_483_647

/** Calls `action` once, after `ms` milliseconds. The delay may be longer than Node's own limit of 24.8 days. */
export const after = (ms: number, action: () => void): Timer => {
  if (ms > LONGEST_TIMER_MS) return afterLong(ms, action)
  const handle = setTimeout(action, ms)
  return { cancel: () => clearTimeout(handle) }
}

/** Waits in steps. Only one timer exists at a time, and `cancel` reaches that one. */
const afterLong = (ms: number, action: () => void): Timer => {
  let step = after(LONGEST_TIMER_MS, () => {
    step = after(ms - LONGEST_TIMER_MS, action)
  })
  return { cancel: () => step.cancel() }
}

/** Resolves after `ms` milliseconds, or as soon as `signal` aborts. Never rejects. */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = () => {
      timer.cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = after(ms, done)
    signal?.addEventListener('abort', done, { once: true })
  })

/**
 * Waits for `work`, at most `ms` milliseconds and only until `hurry` aborts.
 *
 * @returns whether the work ended in time
 * @throws the error of the work if it fails in time
 */
export const within = async (ms: number, work: Promise<unknown>, hurry?: AbortSignal): Promise<boolean> => {
  const over = new AbortController()
  const stopWaiting = () => over.abort()
  if (hurry?.aborted) stopWaiting()
  hurry?.addEventListener('abort', stopWaiting, { once: true })
  const timeout = sleep(ms, over.signal).then(() => false)
  try {
    return await Promise.race([work.then(() => true), timeout])
  } finally {
    hurry?.removeEventListener('abort', stopWaiting)
    stopWaiting()
  }
}
