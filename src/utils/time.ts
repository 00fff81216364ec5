/** The one home of timers and clocks: tests move this clock, nothing else in `src/` reads another. */

/** A timer that can be called off. */
export interface Timer {
  cancel(): void
}

/** Milliseconds that only ever grow; for measuring, not for dates. */
export const monotonicMs = (): number => performance.now()

/** Milliseconds since 1970, as this machine's clock has it; for dates, not for measuring. */
export const wallMs = (): number => Date.now()

/** Calls `action` as nextTurn as everything that is due at this moment has had its turn. */
export const nextTurn = (action: () => void): void => {
  setImmediate(action)
}

/** Calls `action` as nextTurn as what runs at this moment, and the promises that hang on it, have come to rest. */
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

/** Resolves after `ms` milliseconds, or at once when `signal` aborts (it never rejects). */
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

/** Waits for `work`, but no longer than `ms` and not once `hurry` aborts. Tells whether the work ended in time. */
export const within = async (ms: number, work: Promise<unknown>, hurry?: AbortSignal): Promise<boolean> => {
  const over = new AbortController()
  const giveUp = () => over.abort()
  if (hurry?.aborted) giveUp()
  hurry?.addEventListener('abort', giveUp, { once: true })
  const late = sleep(ms, over.signal).then(() => false)
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    hurry?.removeEventListener('abort', giveUp)
    giveUp()
  }
}
