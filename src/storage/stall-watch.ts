import type { Readable } from 'node:stream'
import { after, type Timer } from '../utils/time.js'

/**
 * Destroys a stream that stalls. The progress is compared every `silenceMs`, so a stream that stalls right after a
 * comparison lives for almost twice as long.
 *
 * @param lengthOf - returns the number of bytes that have arrived
 */
export const destroyWhenStalled = (body: Readable, silenceMs: number, lengthOf: () => number): Timer => {
  let seen = lengthOf()
  const compare = () => {
    const length = lengthOf()
    if (length === seen) {
      body.destroy(new Error(`no byte arrived for ${silenceMs} ms`))
      return
    }
    seen = length
    timer = after(silenceMs, compare)
  }
  let timer = after(silenceMs, compare)
  return { cancel: () => timer.cancel() }
}
