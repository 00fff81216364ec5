import type { DevOrchestrator } from 'avtomatika-worker/dev'

/** How a job has ended. */
export interface EndedJob {
  readonly isDone: boolean
  readonly status: string
  /** What the results brought. */
  readonly history: Readonly<Record<string, unknown>>
  readonly errorMessage: string | undefined
}

/** Where jobs of one task are handed in and waited for: the orchestrator of this process, or a real one. */
export interface Desk {
  waitForWorker(task: string): Promise<unknown>
  /** Gives the job's id. */
  createJob(task: string, params: Readonly<Record<string, unknown>>): Promise<string>
  waitForJob(id: string): Promise<EndedJob>
}

/** The desk of the orchestrator in this process. */
export const embeddedDesk = (orchestrator: DevOrchestrator): Desk => ({
  waitForWorker: (task) => orchestrator.waitForWorker(task),
  createJob: async (task, params) => (await orchestrator.createJob({ task, params })).id,
  async waitForJob(id) {
    const { state, status, history, errorMessage } = await orchestrator.waitForJob(id)
    return { isDone: state === 'finished', status, history, errorMessage }
  },
})
