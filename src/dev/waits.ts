import { AvtomatikaError } from '../errors.js'
import { after, type Timer } from '../utils/time.js'
import { MAX_DELAY_MS } from './options.js'

/** One thing to wait for. */
export interface Wait<T> {
  /** For the message, as in `waited 30000 ms for …`. */
  readonly what: string
  /** The thing, once it is there. */
  readonly look: () => T | undefined
  /** Arranges for `lookAgain` to be called whenever the thing may have come; returns how to stop that. */
  readonly watch: (lookAgain: () => void) => () => void
  /** `Infinity` waits for good. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

const timerFor = (ms: number, action: () => void): Timer =>
  Number.isFinite(ms) ? after(Math.min(ms, MAX_DELAY_MS), action) : { cancel: () => {} }

/** Waits that end by an event, a deadline, an abort, or all together. */
export class Waits {
  readonly #rejections = new Set<(reason: unknown) => void>()
  #endedBy: Error | undefined

  until<T>(wait: Wait<T>): Promise<T> {
    if (this.#endedBy) return Promise.reject(this.#endedBy)
    const there = wait.look()
    if (there !== undefined) return Promise.resolve(there)
    if (wait.signal?.aborted) return Promise.reject(wait.signal.reason)
    return this.#begin(wait)
  }

  /** Rejects every wait, and every later one. */
  endAll(reason: Error): void {
    this.#endedBy = reason
    for (const reject of this.#rejections) reject(reason)
  }

  #begin<T>({ what, look, watch, timeoutMs, signal }: Wait<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const stop = () => {
        deadline.cancel()
        unwatch()
        signal?.removeEventListener('abort', onAbort)
        this.#rejections.delete(fail)
      }
      const fail = (reason: unknown) => {
        stop()
        reject(reason)
      }
      const lookAgain = () => {
        const found = look()
        if (found === undefined) return
        stop()
        resolve(found)
      }
      const onAbort = () => fail(signal?.reason)
      const late = () => fail(new AvtomatikaError('TIMEOUT', `waited ${timeoutMs} ms for ${what} in vain`))
      const deadline = timerFor(timeoutMs, late)
      const unwatch = watch(lookAgain)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#rejections.add(fail)
    })
  }
}
