import { type WaitingJob, whyWaiting } from './why-waiting.js'
import type { WorkerView } from './worker-view.js'

/** Jobs of one task that wait for the same reason. */
export interface QueueGroup {
  readonly task: string
  /** The worker whose next poll takes the tasks. Absent if no worker was found yet. */
  readonly worker: string | undefined
  readonly jobs: number
  /** When the oldest of the jobs was created, in ms since 1970. */
  readonly oldestMs: number
  readonly why: string
}

/** The groups with the most jobs are shown. */
const MAX_GROUPS = 200

/** Counts the jobs that do not run yet, by task and worker. */
export class QueueSummary {
  readonly #groups = new Map<string, QueueGroup>()
  readonly #workers: readonly WorkerView[]

  constructor(workers: readonly WorkerView[]) {
    this.#workers = workers
  }

  add(job: WaitingJob, createdMs: number): void {
    const worker = job.status === 'queued' ? job.workerId : undefined
    const key = JSON.stringify([job.task, worker])
    const known = this.#groups.get(key)
    const why = known?.why ?? whyWaiting(job, this.#workers)
    if (why === undefined) return
    this.#groups.set(key, {
      ...{ task: job.task, worker, why },
      jobs: (known?.jobs ?? 0) + 1,
      oldestMs: Math.min(known?.oldestMs ?? createdMs, createdMs),
    })
  }

  groups(): QueueGroup[] {
    return [...this.#groups.values()].sort((a, b) => b.jobs - a.jobs).slice(0, MAX_GROUPS)
  }
}
