import type { Events, WorkerState } from '../events.js'
import type { Logger } from '../utils/logger.js'
import { after } from '../utils/time.js'
import type { Runtime } from './runtime.js'
import { endProcess, onShutdownSignals } from './shutdown.js'

/** How long handlers that were given up may go on before the process ends, in ms. */
const LINGER_MS = 250

/** What a worker does that runs until it is told to end. */
export interface UntilSignal {
  start(): Promise<void>
  stop(): Promise<void>
  /** Cuts the draining short. */
  hurry(): void
  /** Resolves when the worker has stopped. */
  stopped(): Promise<void>
}

/** Starts a worker and drains it at the first signal. A second signal cuts the draining short. */
export const runUntilSignal = async (
  worker: UntilSignal,
  runtime: Pick<Runtime, 'strays' | 'running'>,
  log: Logger,
): Promise<void> => {
  const stopListening = onShutdownSignals(
    (signal) => {
      log.info({ signal }, 'Shutting down: a second signal cuts it short')
      void worker.stop()
    },
    (signal) => {
      log.warn({ signal }, 'Shutting down without waiting')
      worker.hurry()
    },
  )
  const ignoreStrays = runtime.strays.listen()
  try {
    await worker.start()
    await worker.stopped()
  } finally {
    ignoreStrays()
    stopListening()
  }
  if (runtime.running > 0) after(LINGER_MS, () => endProcess(1))
}

/** Resolves when the worker has stopped. */
export const untilStopped = (state: { readonly now: WorkerState }, events: Events): Promise<void> => {
  if (state.now === 'stopped') return Promise.resolve()
  return events.until('stateChanged', ({ to }) => to === 'stopped')
}
