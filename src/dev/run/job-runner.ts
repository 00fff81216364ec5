import { randomUUID } from 'node:crypto'
import { isObject } from '../../utils/json.js'
import type { PollQueues } from '../queue/poll-queues.js'
import { isTerminal, type Job, type JobProgress, type NewJob, newJob } from '../state/job.js'
import {
  cancelled,
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
import {
  accepted,
  type RxonReceipt,
  type RxonResult,
  ratingOf,
  stumble,
  whyIgnored,
} from '../state/rxon-receipt.js'
import { judge, judgeRxonFailure, kindOf, type ResultKind, type Verdict } from '../state/verdict.js'
import { chooseWorker, type WorkerRecord } from '../state/worker.js'
import type { WorkerStore } from '../state/worker-store.js'
import { Deadlines } from './deadlines.js'
import { offerOf, rxonOfferOf } from './offer.js'
import { Shelf } from './shelf.js'

/** What the runner works with. */
export interface RunnerParts {
  readonly jobs: JobStore
  readonly workers: WorkerStore
  readonly queues: PollQueues<object>
  /** What tasks of the second generation are signed with. */
  readonly secretKey: string
  readonly maxRetries: number
  /** Whether a job that no worker can take is kept until one can. */
  readonly waitForWorker: boolean
  /** Sends a command to cancel down the worker's socket; `false` when there is none. */
  readonly sendCancel: (worker: WorkerRecord, taskId: string, jobId: string) => boolean
}

/** What became of a result; `not_dispatched`: a retry was due and no worker could take it. */
export type Receipt = ResultKind | 'unknown_job' | 'not_dispatched'

/** What became of a wish to cancel. */
export type CancelReceipt = 'sent' | 'accepted' | 'unknown_job' | 'not_waiting' | 'terminal'

const TIMED_OUT = 'Worker task timed out: execution/result deadline reached.'

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
    return this.#carryOut(job, judge(result)) ? kindOf(result) : 'not_dispatched'
  }

  /** The second generation takes a result once, and only of the task that the job is at. */
  takeRxonResult(result: RxonResult): RxonReceipt {
    const { jobs, workers } = this.#parts
    const { job_id, error, ...rest } = result.body
    const job = jobs.get(String(job_id))
    const ignored = whyIgnored(job, result)
    if (ignored || !job) return ignored ?? { error: 'unreachable' }
    const verdict = judge({ ...rest, error }, judgeRxonFailure)
    const [status, isKnown] = [rest['status'] ?? 'success', verdict.kind === 'reached']
    this.#deadlines.clear(job.id)
    const stumbled = status !== 'cancelled' && isKnown && stumble(job, result)
    if (stumbled) return stumbled
    workers.rate(result.workerId, ratingOf(status, isObject(error) && error['code'], isKnown))
    if (this.#carryOut(job, verdict)) return accepted(status, isKnown)
    return { error: `No suitable workers for task type '${job.task}'` }
  }

  /** Asks the worker to stop; the job ends when the worker says that it did. */
  cancel(jobId: string): CancelReceipt {
    const { jobs, workers, sendCancel } = this.#parts
    const job = jobs.get(jobId)
    if (!job) return 'unknown_job'
    if (job.status === 'pending') return this.#cancelShelved(job)
    const { taskId, workerId } = job
    if (job.generation === 'rxon') return this.#cancelRxon(job)
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

  /** The client's word is enough: the job is cancelled at once, whatever the worker goes on doing. */
  #cancelRxon(job: Job): CancelReceipt {
    const { jobs, workers, sendCancel } = this.#parts
    if (isTerminal(job.status)) return 'terminal'
    jobs.save(cancelled(job))
    const worker = workers.get(job.workerId ?? '')
    if (worker?.websockets && job.taskId) sendCancel(worker, job.taskId, job.id)
    return 'accepted'
  }

  /** `false` when a retry was due and no worker could take it. */
  #carryOut(job: Job, verdict: Verdict): boolean {
    const { jobs } = this.#parts
    if (verdict.kind === 'retry') return this.#retry(job, verdict.message)
    if (verdict.kind === 'reached') jobs.save(reached(job, verdict.state, verdict.brought))
    else jobs.save((verdict.kind === 'failed' ? failed : quarantined)(job, verdict.message))
    return true
  }

  #dispatch(job: Job): Job | undefined {
    const { jobs, workers, queues, secretKey } = this.#parts
    const worker = chooseWorker(workers.ableTo(job.task), job.task, this.#turn++)
    if (!worker) return undefined
    const isRxon = worker.generation === 'rxon'
    const taskId = isRxon ? `task-${randomUUID()}` : randomUUID()
    const sent = jobs.save(dispatched(job, taskId, worker))
    this.#watch(job)
    const offer = isRxon ? rxonOfferOf(job, taskId, secretKey) : offerOf(job, taskId)
    queues.push(worker.workerId, offer, job.priority)
    return sent
  }

  #watch({ id, timeoutMs }: Job): void {
    this.#deadlines.set(id, timeoutMs, () => this.#timeOut(id))
  }

  #timeOut(jobId: string): void {
    const job = this.#parts.jobs.get(jobId)
    if (job?.status !== 'waiting_for_worker') return
    if (job.generation === 'rxon') this.#retry(job, TIMED_OUT)
    else this.#parts.jobs.save(timedOut(job))
  }

  #retry(job: Job, message: string): boolean {
    const { jobs, maxRetries, waitForWorker } = this.#parts
    if (job.retryCount >= maxRetries) {
      const task = job.generation === 'rxon' ? `Task ${job.taskId}` : 'Task'
      jobs.save(quarantined(job, `${task} failed after ${maxRetries + 1} attempts: ${message}`))
      return true
    }
    const again = jobs.save(retried(job))
    if (this.#dispatch(again)) return true
    if (waitForWorker) return Boolean(this.#shelve(again))
    // The job is left waiting with the task it had, and times out: so does the real one's.
    this.#watch(again)
    return false
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
