import { StateError } from '../errors.js'
import type { WorkerState } from '../events.js'
import type { Moves } from '../utils/states.js'

export const WORKER_MOVES: Moves<WorkerState> = {
  created: ['running', 'stopped'],
  running: ['draining'],
  draining: ['stopped'],
  stopped: [],
}

/** The error of a second start. `created`: the first start still waits for the port of the health server. */
export const alreadyStarted = (state: WorkerState): StateError => {
  if (state === 'stopped')
    return new StateError('Worker is stopped: it cannot be started again, make a new Worker')
  const now = state === 'created' ? 'starting' : state
  return new StateError(`Worker already started, it is ${now}: start() or run() was called twice`)
}

/** The error of a start without a task: no orchestrator could give such a worker anything to do. */
export const noTasks = (): StateError =>
  new StateError('Worker has no task: register one with worker.task(name, handler) before start() or run()')
