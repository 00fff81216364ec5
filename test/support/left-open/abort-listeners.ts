import { placeOf } from './place.js'

/** What listens to each signal that may still abort. The errors know who listens. */
const waiting = new Map<AbortSignal, Map<unknown, Error>>()

/** From now on the listeners of signals are watched. */
export const watchAbortListeners = (): void => {
  const { addEventListener, removeEventListener } = EventTarget.prototype
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    addEventListener.call(this, type, listener, options)
    if (!(this instanceof AbortSignal)) return
    const own = waiting.get(this) ?? new Map<unknown, Error>()
    waiting.set(this, own.set(listener, new Error()))
  }
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    removeEventListener.call(this, type, listener, options)
    if (this instanceof AbortSignal) waiting.get(this)?.delete(listener)
  }
}

export const forgetAbortListeners = (): void => waiting.clear()

/** Where the package has added those that still wait. */
export const openAbortListeners = (): string[] =>
  [...waiting]
    .filter(([{ aborted }]) => !aborted)
    .flatMap(([, own]) => [...own.values()])
    .flatMap((error) => {
      const place = placeOf(error)
      return place ? [`a listener of an abort signal, added ${place}`] : []
    })
