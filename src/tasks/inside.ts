import type { TaskRegistry } from './definition.js'
import type { MiddlewareChain } from './middleware.js'

/** The parts of a worker that the test kit runs without the rest of it. */
export interface WorkerInside {
  readonly registry: TaskRegistry
  readonly middleware: MiddlewareChain
}

const insides = new WeakMap<object, WorkerInside>()

/** Lets the test kit find the tasks of a worker, without a public member for them. */
export const showInside = (worker: object, inside: WorkerInside): void => {
  insides.set(worker, inside)
}

/** Returns the tasks of a worker; `undefined` for any other value. */
export const insideOf = (worker: object): WorkerInside | undefined => insides.get(worker)
