import { Worker, WorkerConfig, type WorkerOptions } from 'avtomatika-worker'
import { pino } from 'pino'
import { onTestFailed, onTestFinished } from 'vitest'
import { offers } from './client-api.js'
import type { OrchestratorUnderTest } from './orchestrator-under-test.js'

type Variables = NonNullable<ConstructorParameters<typeof WorkerConfig>[0]>

export interface WorkerSetup extends Omit<WorkerOptions, 'config' | 'logger'> {
  readonly id: string
  /** On top of what makes a worker quick enough for a test. */
  readonly variables?: Variables
}

/** A logger whose lines are shown only when the test fails. */
const quietLogger = () => {
  const lines: string[] = []
  onTestFailed(() => console.log(lines.join('')))
  return pino({ level: 'debug' }, { write: (line: string) => lines.push(line) })
}

/** A worker of the package for one test, which stops it. */
export const workerFor = (orchestrator: OrchestratorUnderTest, setup: WorkerSetup): Worker => {
  const { id, variables, ...options } = setup
  const config = new WorkerConfig({
    WORKER_ID: id,
    ORCHESTRATOR_URL: orchestrator.url,
    WORKER_TOKEN: orchestrator.workerToken,
    WORKER_PORT: 0,
    HEARTBEAT_INTERVAL: 2,
    TASK_POLL_ERROR_DELAY: 0.1,
    RESULT_RETRY_INITIAL_DELAY: 0.1,
    WORKER_SHUTDOWN_TIMEOUT: 10,
    ...variables,
  })
  const worker = new Worker({ ...options, config, logger: quietLogger() })
  // Nobody takes over this worker's id, so nothing is lost with the polls that are called off.
  onTestFinished(() => worker.stop({ pollGraceMs: 0 }))
  return worker
}

/** Starts the worker and waits until the orchestrator would give it a task of this name. */
export const startedFor = async (
  orchestrator: OrchestratorUnderTest,
  worker: Worker,
  taskName: string,
): Promise<void> => {
  await worker.start()
  await orchestrator.client.waitForWorker(worker.id, offers(taskName))
}
