import type { EventListeners } from '../events.js'
import type { JobProgress } from '../state/job.js'
import { progressed } from '../state/job-moves.js'
import type { JobStore } from '../state/job-store.js'

/** Receives the progress of running tasks, in both generations. */
export class ProgressReceiver {
  readonly #jobs: JobStore
  readonly #listeners: EventListeners

  constructor(jobs: JobStore, listeners: EventListeners) {
    this.#jobs = jobs
    this.#listeners = listeners
  }

  /** Stores the progress of a task, unless the job has moved on to another task or worker. */
  take(workerId: string, jobId: string, taskId: string, progress: JobProgress): void {
    const job = this.#jobs.get(jobId)
    if (job?.status !== 'waiting_for_worker' || job.taskId !== taskId || job.workerId !== workerId) return
    this.#jobs.save(progressed(job, progress))
    this.#listeners.emit('progress', { jobId, taskId, workerId, ...progress })
  }
}
