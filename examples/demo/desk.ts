import { JobClient } from 'avtomatika-worker/client'
import type { DevOrchestrator } from 'avtomatika-worker/dev'

/** How a job has ended. */
export interface EndedJob {
  readonly isDone: boolean
  readonly status: string
  /** The data of the results. */
  readonly result: object | undefined
  readonly error: string | undefined
}

/** Where jobs of one task are created and waited for: the orchestrator of this process, or a real one. */
export interface Desk {
  waitForWorker(task: string): Promise<unknown>
  /** Returns the id of the job. */
  createJob(task: string, params: Readonly<Record<string, unknown>>): Promise<string>
  waitForJob(id: string): Promise<EndedJob>
  close(): Promise<void>
}

/** How often a job is asked for, in ms. The table shows how long the jobs took. */
const POLL_MS = 20

/** Waits for a job and closes the client, as every desk does. */
export const clientOf = (
  url: string,
  token: string,
): Pick<Desk, 'waitForJob' | 'close'> & { client: JobClient } => {
  const client = new JobClient({ url, token })
  return {
    client,
    async waitForJob(id) {
      const { outcome, status, result, error } = await client.wait(id, { pollMs: POLL_MS })
      return { isDone: outcome === 'finished', status, result, error }
    },
    close: () => client.close(),
  }
}

/** The desk of the orchestrator in this process. It has an endpoint for each task. */
export const embeddedDesk = (orchestrator: DevOrchestrator): Desk => {
  const { client, ...desk } = clientOf(orchestrator.url, orchestrator.clientToken)
  return {
    ...desk,
    waitForWorker: (task) => orchestrator.waitForWorker(task),
    createJob: async (task, params) => (await client.create(task, params)).id,
  }
}
