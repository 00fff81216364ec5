import { randomUUID } from 'node:crypto'
import type { PollQueues } from '../queue/poll-queues.js'
import { type Job, type JobProgress, type NewJob, newJob } from '../state/job.js'
import {
  dispatched,
  failed,
  progressed,
  quarantined,
  reached,
  retried,
  shelved,
  timedOut,
  undispatchable,
} from '../state/job-moves.js'
import type { JobStore } from '../state/job-store.js'
import { judge, kindOf, type ResultKind } from '../state/verdict.js'
import { chooseWorker, type WorkerRecord } from '../state/worker.js'
import type { WorkerStore } from '../state/worker-store.js'
import { Deadlines } from './deadlines.js'
import { offerOf, type WireOffer } from './offer.js'
import { Shelf } from './shelf.js'

/** What the runner works with. */
export interface RunnerParts {
  readonly jobs: JobStore
  readonly workers: WorkerStore
  readonly queues: PollQueues<WireOffer>
  readonly maxRetries: number
  /** Whether a job that no worker can take is kept until one can. */
  readonly waitForWorker: boolean
  /** Sends a command to cancel down the worker's socket; `false` when there is none. */
  readonly sendCancel: (worker: WorkerRecord, taskId: string, jobId: string) => boolean
}

/** What became of a result; `not_dispatched`: a retry was due and no worker could take it. */
export type Receipt = ResultKind | 'unknown_job' | 'not_dispatched'

/** What became of a wish to cancel. */
export type CancelReceipt = 'sent' | 'accepted' | 'unknown_job' | 'not_waiting'

/** Leads each job from its creation to its end: dispatch, result, retry, time-out, cancellation. */
export class JobRunner {
  readonly #parts: RunnerParts
  readonly #deadlines = new Deadlines()
  readonly #shelf = new Shelf()
  #turn = 0

  constructor(parts: RunnerParts) {
    this.#parts = parts
  }

  create(request: NewJob): Job {
    const { jobs, maxRetries, waitForWorker } = this.#parts
    const job = newJob(request)
    const sent = this.#dispatch(job)
    if (sent) return sent
    return waitForWorker ? this.#shelve(job) : jobs.save(undispatchable(job, maxRetries))
  }

  /** Every delivery moves the job, the second of the same result too: the real orchestrator does not tell them apart. */
  takeResult(jobId: string, result: Record<string, unknown>): Receipt {
    const { jobs } = this.#parts
    const job = jobs.get(jobId)
    if (!job) return 'unknown_job'
    this.#deadlines.clear(jobId)
    const verdict = judge(result)
    if (verdict.kind === 'retry') return this.#retry(job, verdict.message)
    if (verdict.kind === 'reached') jobs.save(reached(job, verdict.state, verdict.brought))
    else jobs.save((verdict.kind === 'failed' ? failed : quarantined)(job, verdict.message))
    return kindOf(result)
  }

  /** Asks the worker to stop; the job ends when the worker says that it did. */
  cancel(jobId: string): CancelReceipt {
    const { jobs, workers, sendCancel } = this.#parts
    const job = jobs.get(jobId)
    if (!job) return 'unknown_job'
    if (job.status === 'pending') return this.#cancelShelved(job)
    const { taskId, workerId } = job
    if (job.status !== 'waiting_for_worker' || !taskId || !workerId) return 'not_waiting'
    const worker = workers.get(workerId)
    return worker?.websockets && sendCancel(worker, taskId, jobId) ? 'sent' : 'accepted'
  }

  /** Stores how far the task is; `false` when it is not the one that this worker has in hand. */
  takeProgress(workerId: string, jobId: string, taskId: string, progress: JobProgress): boolean {
    const job = this.#parts.jobs.get(jobId)
    if (job?.status !== 'waiting_for_worker' || job.taskId !== taskId || job.workerId !== workerId)
      return false
    this.#parts.jobs.save(progressed(job, progress))
    return true
  }

  /** Dispatches what waited for a worker like this one. */
  serve(worker: WorkerRecord): void {
    if (worker.status !== 'idle') return
    for (const taskName of worker.taskNames) {
      for (const id of this.#shelf.take(taskName)) this.#unshelve(id)
    }
  }

  close(): void {
    this.#deadlines.clearAll()
  }

  #dispatch(job: Job): Job | undefined {
    const { jobs, workers, queues } = this.#parts
    const worker = chooseWorker(workers.ableTo(job.task), job.task, this.#turn++)
    if (!worker) return undefined
    const taskId = randomUUID()
    const sent = jobs.save(dispatched(job, taskId, worker.workerId))
    this.#watch(job)
    queues.push(worker.workerId, offerOf(job, taskId), job.priority)
    return sent
  }

  #watch({ id, timeoutMs }: Job): void {
    this.#deadlines.set(id, timeoutMs, () => this.#timeOut(id))
  }

  #timeOut(jobId: string): void {
    const job = this.#parts.jobs.get(jobId)
    if (job?.status === 'waiting_for_worker') this.#parts.jobs.save(timedOut(job))
  }

  #retry(job: Job, message: string): Receipt {
    const { jobs, maxRetries, waitForWorker } = this.#parts
    if (job.retryCount >= maxRetries) {
      jobs.save(quarantined(job, `Task failed after ${maxRetries + 1} attempts: ${message}`))
      return 'failure'
    }
    const again = jobs.save(retried(job))
    if (this.#dispatch(again)) return 'failure'
    if (waitForWorker) return this.#shelve(again) && 'failure'
    // The job is left waiting with the task it had, and times out: so does the real one's.
    this.#watch(again)
    return 'not_dispatched'
  }

  #shelve(job: Job): Job {
    this.#shelf.add(job)
    return this.#parts.jobs.save(shelved(job))
  }

  #unshelve(jobId: string): void {
    const job = this.#parts.jobs.get(jobId)
    if (job?.status === 'pending' && !this.#dispatch(job)) this.#shelf.add(job)
  }

  #cancelShelved(job: Job): CancelReceipt {
    this.#parts.jobs.save(reached(job, 'cancelled_state'))
    return 'accepted'
  }
}
