import { AvtomatikaError } from '../errors.js'
import { after, type Timer } from '../utils/time.js'
import { MAX_DELAY_MS } from './options.js'

/** A condition to wait for. */
export interface Wait<T> {
  /** Part of the error message: `waited 30000 ms for …`. */
  readonly what: string
  /** Returns the awaited value, or `undefined` if it is not there yet. */
  look(): T | undefined
  /** Calls `lookAgain` each time the value may be there. Returns a function that ends this. */
  watch(lookAgain: () => void): () => void
  /** `Infinity` waits forever. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

const timerFor = (ms: number, action: () => void): Timer =>
  Number.isFinite(ms) ? after(Math.min(ms, MAX_DELAY_MS), action) : { cancel: () => {} }

/** All waits of one orchestrator. Each ends by an event, a deadline or a signal, and all end with the orchestrator. */
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

  /** Rejects all waits, and later ones as well. */
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
      const late = () =>
        fail(new AvtomatikaError('TIMEOUT', `Wait for ${what} ended without success after ${timeoutMs} ms`))
      const deadline = timerFor(timeoutMs, late)
      const unwatch = watch(lookAgain)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#rejections.add(fail)
    })
  }
}
