import { setMaxListeners } from 'node:events'

/**
 * Works on up to `atOnce` items at the same time. The first failure aborts the others. It is thrown after all of them
 * have ended and the source is closed.
 *
 * @param work - receives a signal that also aborts when another item has failed
 */
export const forEach = async <T>(
  items: Iterable<T> | AsyncIterable<T>,
  atOnce: number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> => {
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  // Many items listen to this signal. Node would print a warning about more than ten listeners.
  setMaxListeners(0, either)
  const source = iterate(items)
  const workThrough = async () => {
    try {
      for (let next = await source.next(); !next.done; next = await source.next()) {
        either.throwIfAborted()
        await work(next.value, either)
      }
    } catch (error) {
      failed.abort(error)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, workThrough))
  await source.return(undefined)
  signal.throwIfAborted()
  failed.signal.throwIfAborted()
}

async function* iterate<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, undefined> {
  yield* items
}
