import type { Worker } from '../worker.js'

/** Returns the worker that a module exports, as default or as `worker`. */
export const workerIn = (module: Readonly<Record<string, unknown>>): Worker | undefined =>
  [module['default'], module['worker']].find(isWorker)

/** Checks for a method, not for the class: the module may import another copy of the package. */
const isWorker = (value: unknown): value is Worker =>
  typeof value === 'object' &&
  value !== null &&
  'runWithHealthCheck' in value &&
  typeof value.runWithHealthCheck === 'function'
