/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
export const seededDice = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** `SEED=…` does again what a test that failed has done; the title of each test names its seed. */
export const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
