import type { DiagnosisCode } from './diagnosis.js'
import type { Observed } from './observed.js'

/** What each cause in the worker itself that keeps tasks away looks like. The names are codes of a diagnosis. */
const OBSTACLES = {
  paused: ({ slots }) => slots.isPaused,
  no_capacity: ({ capacity }) => capacity?.hasAny === false,
  event_loop_blocked: ({ watch }) => watch.blockage !== undefined,
  results_waiting: ({ delivery }) => !delivery.hasRoom,
  journal_trouble: ({ journal }) => journal.trouble !== undefined,
  disk_full: ({ directories }) => directories.diskSpace.trouble !== undefined,
  held_off: ({ takeover }) => takeover.trouble !== undefined,
} as const satisfies Partial<Record<DiagnosisCode, (observed: Observed) => boolean>>

/** A cause in the worker itself that keeps tasks away. */
export type Obstacle = keyof typeof OBSTACLES

/** Tells for each cause whether it keeps tasks away at present. */
export const obstaclesIn = (observed: Observed): readonly (readonly [Obstacle, boolean])[] =>
  Object.entries(OBSTACLES).map(([code, isThere]) => [code as Obstacle, isThere(observed)])
