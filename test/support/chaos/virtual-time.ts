import { vi } from 'vitest'
import { atRest } from '../loopback.js'

const STEP_MS = 250

/** From now on whatever waits in this process waits on a clock of the test's; sockets stay real. */
export const holdClock = (): void => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
}

/** Waits for what takes no time on the clock, as loading a file. */
export const settle = async (reached: () => boolean): Promise<void> => {
  while (!reached()) await atRest()
}

/** Moves the clock until `reached`, and tells how far; not further than `mostMs`. */
export const pass = async (mostMs: number, reached: () => boolean = () => false): Promise<number> => {
  let ms = 0
  for (; ms < mostMs && !reached(); ms += STEP_MS) {
    await vi.advanceTimersByTimeAsync(STEP_MS)
    await atRest()
  }
  return ms
}
