import { randomUUID } from 'node:crypto'
import { Worker, WorkerConfig } from 'avtomatika-worker'
import { type JobState, offers } from '../interop/client-api.js'
import type { OrchestratorUnderTest } from '../interop/orchestrator-under-test.js'

type Variables = NonNullable<ConstructorParameters<typeof WorkerConfig>[0]>

/** What does not come within this time does not come. */
export const PATIENCE = { deadlineMs: 10_000 }

/** A worker that runs at an orchestrator, for one feature. */
export interface Stage {
  readonly orchestrator: OrchestratorUnderTest
  readonly worker: Worker
  /** The worker's id, and the name of its only task. */
  readonly name: string
  /** Creates a job. */
  createJob(params?: Readonly<Record<string, unknown>>): Promise<string>
  waitForJob(id: string, hope: (job: JobState) => boolean): Promise<JobState>
}

/** Starts a worker for a task, and stops it whatever comes of it. */
export const onStage = async (
  orchestrator: OrchestratorUnderTest,
  setUp: (worker: Worker, name: string) => void,
  act: (stage: Stage) => Promise<void>,
  variables: Variables = {},
): Promise<void> => {
  const name = `compat-${randomUUID()}`
  const { url, workerToken, client } = orchestrator
  const config = new WorkerConfig({
    WORKER_ID: name,
    ORCHESTRATOR_URL: url,
    WORKER_TOKEN: workerToken,
    WORKER_PORT: 0,
    HEARTBEAT_INTERVAL: 1,
    TASK_POLL_ERROR_DELAY: 0.1,
    RESULT_RETRY_INITIAL_DELAY: 0.1,
    // Some wait for a cancel that never comes.
    WORKER_SHUTDOWN_TIMEOUT: 0.1,
    LOG_LEVEL: 'silent',
    ...variables,
  })
  const worker = new Worker({ config })
  setUp(worker, name)
  try {
    await worker.start()
    await client.waitForWorker(name, offers(name), PATIENCE)
    await act({
      orchestrator,
      worker,
      name,
      createJob: (params = {}) => client.createJob({ type: name, params }),
      waitForJob: (id, hope) => client.waitForJob(id, hope, PATIENCE),
    })
  } finally {
    await worker.stop({ pollGraceMs: 0 })
  }
}
