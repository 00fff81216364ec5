import { vi } from 'vitest'

const STEP_MS = 250

/** From now on whatever waits in this process waits on a clock of the test's; sockets stay real. */
export const holdClock = (): void => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
}

/** Lets sockets say what they have to say. */
const breathe = async (): Promise<void> => {
  for (let n = 0; n < 8; n++) await new Promise(setImmediate)
}

/** Waits for what takes no time on the clock, as loading a file. */
export const settle = async (reached: () => boolean): Promise<void> => {
  while (!reached()) await breathe()
}

/** Moves the clock until `reached`, and tells how far; not further than `mostMs`. */
export const pass = async (mostMs: number, reached: () => boolean = () => false): Promise<number> => {
  let ms = 0
  for (; ms < mostMs && !reached(); ms += STEP_MS) {
    await vi.advanceTimersByTimeAsync(STEP_MS)
    await breathe()
  }
  return ms
}
