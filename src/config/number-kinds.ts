import { type Kind, REFUSED } from './kind.js'

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

/** A week. Timers hold 24 days, and a backoff may double a duration. */
const LONGEST_SECONDS = 604_800

/** Number() alone would accept "0x1f", "" and "Infinity" as well. */
const readNumber = (text: string): unknown => (DECIMAL.test(text) ? Number(text) : text)

const numeric = (
  expected: string,
  fits: (value: number) => boolean,
  settle: (value: number) => number = (value) => value,
): Kind<number> => ({
  expected,
  read: readNumber,
  accept: (value) => (typeof value === 'number' && fits(value) ? settle(value) : REFUSED),
})

export const finite: Kind<number> = numeric('a number', Number.isFinite)

/** A finite number of at least 0. */
export const amount: Kind<number> = numeric(
  'a number of at least 0',
  (value) => Number.isFinite(value) && value >= 0,
)

export const gigabytes: Kind<number> = { ...amount, unit: 'GB' }

export const positive: Kind<number> = numeric(
  'a number above 0',
  (value) => Number.isFinite(value) && value > 0,
)

/** A whole number of at least `least`. */
export const count = (least: number): Kind<number> =>
  numeric(`a whole number of at least ${least}`, (value) => Number.isSafeInteger(value) && value >= least)

export const bytes: Kind<number> = { ...count(1), unit: 'bytes' }

/** A TCP port; 0 lets the system choose one. */
export const port: Kind<number> = numeric(
  'a port, a whole number from 0 to 65535',
  (value) => Number.isInteger(value) && value >= 0 && value <= 65_535,
)

const duration = (least: number): Kind<number> => ({
  ...numeric(
    `seconds, a number from ${least} to ${LONGEST_SECONDS}`,
    (value) => value >= least && value <= LONGEST_SECONDS,
    (value) => Math.round(value * 1_000),
  ),
  unit: 's',
})

/** Seconds, settled as ms. 0 means "at once". */
export const delay: Kind<number> = duration(0)

/** Seconds, settled as ms. 0 is refused: it would make a loop without a pause. */
export const interval: Kind<number> = duration(0.001)
