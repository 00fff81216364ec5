import { randomUUID } from 'node:crypto'
import { isObject } from '../../utils/json.js'
import type { DevSettings } from '../options.js'
import { hasEnded, isTerminal, type Job, type NewJob, newJob } from '../state/job.js'
import {
  cancelled,
  dispatched,
  failed,
  pending,
  quarantined,
  reached,
  retried,
  timedOut,
  undispatchable,
} from '../state/job-moves.js'
import type { OrchestratorState } from '../state/orchestrator-state.js'
import { effectOf, effectOfRxon, kindOf, type ResultEffect, type ResultKind } from '../state/result-effect.js'
import {
  accepted,
  type RxonReceipt,
  type RxonResult,
  ratingOf,
  serverError,
  whyIgnored,
} from '../state/rxon-receipt.js'
import { weightOf } from '../state/weight.js'
import { chooseWorker, type WorkerRecord } from '../state/worker.js'
import type { AttemptObserver } from '../watch/observer.js'
import { Deadlines } from './deadlines.js'
import { offerOf, rxonOfferOf } from './offer.js'
import { WaitingJobs } from './waiting-jobs.js'

/** Sends commands to workers. */
export interface CommandSender {
  /** @returns `false` if the worker cannot be reached */
  send(workerId: string, command: object): boolean
}

type RunnerSettings = Pick<DevSettings, 'secretKey' | 'maxRetries' | 'waitForWorker'>

/** What became of a result; `not_dispatched`: a retry was due, and no worker could take it. */
export type ClassicReceipt = ResultKind | 'unknown_job' | 'not_dispatched'

/** What became of a request to cancel a job. */
export type CancelReceipt = 'sent' | 'accepted' | 'unknown_job' | 'not_waiting' | 'terminal'

/** How many offers, or how many bytes of them, may be made before the queues are searched for old ones. */
const SWEEP_AFTER = 10_000
const SWEEP_WEIGHT = 64 * 1024 * 1024
/** What the data of all results of a job may take, in bytes. Only the first generation takes more than one. */
const MAX_HISTORY_WEIGHT = 16 * 1024 * 1024

const TIMED_OUT = 'Worker task timed out: execution/result deadline reached.'

/** Leads each job from its creation to its end: dispatch, result, retry, timeout, cancellation. */
export class JobRunner {
  readonly #settings: RunnerSettings
  readonly #state: OrchestratorState
  readonly #sockets: CommandSender
  readonly #observer: AttemptObserver | undefined
  readonly #deadlines: Deadlines
  readonly #waiting = new WaitingJobs()
  /** The offers since the last sweep, and what they weigh. */
  #offers = 0
  #offersWeight = 0
  /** Counts dispatches, for the round robin among equal workers. */
  #turn = 0

  constructor(
    settings: RunnerSettings,
    state: OrchestratorState,
    sockets: CommandSender,
    observer?: AttemptObserver,
  ) {
    this.#settings = settings
    this.#state = state
    this.#sockets = sockets
    this.#observer = observer
    this.#deadlines = new Deadlines(state.clock)
  }

  create(request: NewJob): Job {
    const job = newJob(request)
    const sent = this.#dispatch(job)
    if (sent) return sent
    const { waitForWorker, maxRetries } = this.#settings
    if (waitForWorker) return this.#keepWaiting(job)
    return this.#state.jobs.save(undispatchable(job, maxRetries))
  }

  /** Each delivery moves the job, even the second one of the same result, as in the real orchestrator. */
  takeResult(jobId: string, result: Record<string, unknown>): ClassicReceipt {
    const { jobs } = this.#state
    const job = jobs.get(jobId)
    if (!job) return 'unknown_job'
    this.#deadlines.clear(jobId)
    return this.#apply(job, effectOf(result)) ? kindOf(result) : 'not_dispatched'
  }

  /** The second generation takes each result once, and only for the present task of the job. */
  takeRxonResult(result: RxonResult): RxonReceipt {
    const { jobs, workers } = this.#state
    const { job_id, error, ...rest } = result.body
    const job = jobs.get(String(job_id))
    const ignored = whyIgnored(job, result)
    if (ignored || !job) return ignored ?? { error: 'unreachable' }
    const effect = effectOfRxon({ ...rest, error })
    const [status, isKnown] = [rest['status'] ?? 'success', effect.kind === 'reached']
    this.#deadlines.clear(job.id)
    const failure = status !== 'cancelled' && isKnown && serverError(job, result)
    if (failure) return failure
    workers.rate(result.workerId, ratingOf(status, isObject(error) && error['code'], isKnown))
    if (this.#apply(job, effect)) return accepted(status, isKnown)
    return { error: `No suitable workers for task type '${job.task}'` }
  }

  /** Asks the worker to stop. The job ends when the worker confirms that it stopped. */
  cancel(jobId: string): CancelReceipt {
    const job = this.#state.jobs.get(jobId)
    if (!job) return 'unknown_job'
    if (job.status === 'pending') return this.#cancelWaiting(job)
    if (job.generation === 'rxon') return this.#cancelRxon(job)
    if (job.status !== 'waiting_for_worker' || !job.taskId || !job.workerId) return 'not_waiting'
    return this.#sendCancel(job) ? 'sent' : 'accepted'
  }

  /** Dispatches the jobs that wait for a worker like this one. */
  serve(worker: WorkerRecord): void {
    if (worker.status !== 'idle') return
    for (const taskName of worker.taskNames) {
      for (const id of this.#waiting.take(taskName)) this.#dispatchWaiting(id)
    }
  }

  close(): void {
    this.#deadlines.close()
  }

  /** The job is cancelled at once, whether the worker stops or not. */
  #cancelRxon(job: Job): CancelReceipt {
    if (isTerminal(job.status)) return 'terminal'
    this.#deadlines.clear(job.id)
    this.#state.jobs.save(cancelled(job))
    this.#sendCancel(job)
    return 'accepted'
  }

  /** @returns whether the worker has a socket that took the command */
  #sendCancel({ id, taskId, workerId = '' }: Job): boolean {
    if (!this.#state.workers.get(workerId)?.websockets || !taskId) return false
    return this.#sockets.send(workerId, { command: 'cancel_task', task_id: taskId, job_id: id })
  }

  /** @returns `false` if a retry was due and no worker could take it */
  #apply(job: Job, effect: ResultEffect): boolean {
    const { jobs } = this.#state
    if (effect.kind === 'retry') return this.#retry(job, effect.message)
    if (effect.kind === 'reached') jobs.save(bounded(job, reached(job, effect.state, effect.data)))
    else jobs.save((effect.kind === 'failed' ? failed : quarantined)(job, effect.message))
    return true
  }

  /** @returns the job as it is now, or `undefined` if no worker can take it */
  #dispatch(job: Job): Job | undefined {
    const { jobs, workers } = this.#state
    const worker = chooseWorker(workers.ableTo(job.task), job.task, this.#turn++)
    if (!worker) return undefined
    try {
      return this.#dispatchTo(worker, job)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return jobs.save(quarantined(job, `Task cannot be signed: ${error.message}`))
    }
  }

  /** @throws RangeError if the task cannot be signed */
  #dispatchTo(worker: WorkerRecord, job: Job): Job {
    const { jobs, queues, clock } = this.#state
    const isRxon = worker.generation === 'rxon'
    const taskId = isRxon ? `task-${randomUUID()}` : randomUUID()
    // Before anything changes: an offer that cannot be made must leave no job that waits for it.
    const offer = isRxon
      ? rxonOfferOf(job, taskId, this.#settings.secretKey, clock.wallMs())
      : offerOf(job, taskId)
    const sent = jobs.save(dispatched(job, taskId, worker))
    this.#watch(job)
    queues.push(worker.workerId, offer, job.priority)
    this.#sweepOffers(job.id)
    return sent
  }

  /** A worker that does not poll leaves its offers in the queue. Some time after their jobs have ended they are dropped. */
  #sweepOffers(jobId: string): void {
    this.#offersWeight += this.#state.jobs.weightOf(jobId)
    if (++this.#offers < SWEEP_AFTER && this.#offersWeight < SWEEP_WEIGHT) return
    this.#offers = 0
    this.#offersWeight = 0
    this.#state.queues.keep((offer) => this.#isCurrent(offer))
  }

  #isCurrent(offer: { job_id?: unknown; task_id?: unknown }): boolean {
    const job = this.#state.jobs.get(String(offer.job_id))
    return job !== undefined && job.taskId === offer.task_id && !hasEnded(job)
  }

  #watch({ id, timeoutMs }: Job): void {
    this.#deadlines.set(id, timeoutMs, () => this.#timeOut(id))
  }

  #timeOut(jobId: string): void {
    const job = this.#state.jobs.get(jobId)
    if (job?.status !== 'waiting_for_worker') return
    if (job.generation === 'rxon') this.#retry(job, TIMED_OUT)
    else this.#state.jobs.save(timedOut(job))
  }

  #retry(job: Job, message: string): boolean {
    const { jobs } = this.#state
    const { maxRetries, waitForWorker } = this.#settings
    if (job.retryCount >= maxRetries) {
      const task = job.generation === 'rxon' ? `Task ${job.taskId}` : 'Task'
      jobs.save(quarantined(job, `${task} failed after ${maxRetries + 1} attempts: ${message}`))
      return true
    }
    this.#observer?.attemptFailed(job.id, message)
    const again = jobs.save(retried(job))
    if (this.#dispatch(again)) return true
    if (waitForWorker) return Boolean(this.#keepWaiting(again))
    // As in the real orchestrator, the job keeps waiting with the task it had, and times out.
    this.#watch(again)
    return false
  }

  #keepWaiting(job: Job): Job {
    const waiting = this.#state.jobs.save(pending(job))
    this.#wait(waiting)
    return waiting
  }

  #dispatchWaiting(jobId: string): void {
    const job = this.#state.jobs.get(jobId)
    if (job?.status === 'pending' && !this.#dispatch(job)) this.#wait(job)
  }

  #wait(job: Job): void {
    this.#waiting.add(job, (id) => this.#state.jobs.get(id)?.status === 'pending')
  }

  #cancelWaiting(job: Job): CancelReceipt {
    this.#state.jobs.save(reached(job, 'cancelled_state'))
    return 'accepted'
  }
}

/** A worker that repeats its result with other data each time must not fill the memory. */
const bounded = (before: Job, after: Job): Job =>
  hasEnded(before) && weightOf(after.history) > MAX_HISTORY_WEIGHT
    ? failed(before, 'The data of all results of this job is too large')
    : after
