import { join } from 'node:path'
import { Worker, WorkerConfig, type WorkerOptions } from 'avtomatika-worker'
import type { Job } from 'avtomatika-worker/dev'
import { pino } from 'pino'
import { onTestFailed, onTestFinished } from 'vitest'
import { testOrchestrator } from '../test-orchestrator.js'
import { temporaryFolder } from './temporary-folder.js'

type Variables = NonNullable<ConstructorParameters<typeof WorkerConfig>[0]>

export interface FileWorker {
  readonly worker: Worker
  /** `TASK_FILES_DIR` */
  readonly folder: string
  /** Everything that was logged, a JSON line each. */
  readonly logged: readonly string[]
  /** Gives the task `name` to the worker and waits for its end. */
  run(name: string, params?: Job['params']): Promise<Job>
}

export interface FileWorkerSetup extends Omit<WorkerOptions, 'config' | 'logger'> {
  readonly variables?: Variables
  readonly tasks: (worker: Worker) => void
}

/** What only a job that never ends takes, however busy the machine is. */
const PATIENCE_MS = 120_000

/** A worker at the embedded orchestrator, with a `TASK_FILES_DIR` of its own, for one test. */
export const fileWorker = async ({ variables, tasks, ...options }: FileWorkerSetup): Promise<FileWorker> => {
  const orchestrator = await testOrchestrator({ maxRetries: 0 })
  const folder = join(await temporaryFolder(), 'payloads')
  const logged: string[] = []
  const config = new WorkerConfig({
    ORCHESTRATOR_URL: orchestrator.url,
    WORKER_TOKEN: orchestrator.workerToken,
    TASK_FILES_DIR: folder,
    TASK_POLL_ERROR_DELAY: 0.1,
    WORKER_SHUTDOWN_TIMEOUT: 5,
    ...variables,
  })
  const logger = pino({ level: 'debug' }, { write: (line: string) => logged.push(line) })
  const worker = new Worker({ ...options, config, logger })
  tasks(worker)
  onTestFailed(() => console.log(logged.join('')))
  onTestFinished(() => worker.stop({ pollGraceMs: 0 }))
  await worker.start()
  const run = async (task: string, params: Job['params'] = {}) => {
    const { id } = await orchestrator.createJob({ task, params })
    return orchestrator.waitForJob(id, { timeoutMs: PATIENCE_MS })
  }
  return { worker, folder, logged, run }
}
