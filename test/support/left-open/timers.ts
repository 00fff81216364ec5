import { vi } from 'vitest'
import { placeOf } from './place.js'

/** Each timer that was set and neither called nor cleared. The error knows who has set it. */
const open = new Map<unknown, Error>()

const watched = (set: typeof setTimeout): typeof setTimeout => {
  const watching = (action: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    const handle = set(
      (...given: unknown[]) => {
        open.delete(handle)
        action(...given)
      },
      ms,
      ...args,
    )
    open.set(handle, new Error())
    return handle
  }
  // A clock that is held puts its own marks on the functions that it replaces.
  return Object.assign(watching, set)
}

const forgetting = (clear: typeof clearTimeout): typeof clearTimeout =>
  Object.assign((handle: Parameters<typeof clearTimeout>[0]) => {
    open.delete(handle)
    clear(handle)
  }, clear)

/** Watches the clock that ticks at this moment: the real one, or one that a test holds. */
const watchClock = (): void => {
  globalThis.setTimeout = watched(globalThis.setTimeout)
  globalThis.clearTimeout = forgetting(globalThis.clearTimeout)
}

/** From now on timers are watched, on whichever clock. */
export const watchTimers = (): void => {
  watchClock()
  const { useFakeTimers } = vi
  vi.useFakeTimers = (...options) => {
    useFakeTimers.apply(vi, options)
    watchClock()
    return vi
  }
}

export const forgetTimers = (): void => open.clear()

/** Where the package has set those that are open. */
export const openTimers = (): string[] =>
  [...open.values()].flatMap((error) => {
    const place = placeOf(error)
    return place ? [`a timer, set ${place}`] : []
  })
