import type { EventName, Listener } from './events.js'
import type { Job, JobRequest } from './state/job.js'
import type { WorkerRecord } from './state/worker.js'

/** How the orchestrator answers the wish to cancel a job. */
export type CancelAnswer = 'cancellation_request_sent' | 'cancellation_request_accepted'

/** A running orchestrator. It is for development and tests: nothing of it survives its process. */
export interface DevOrchestrator extends AsyncDisposable {
  /** Where workers and clients find it, as in `http://127.0.0.1:41234`. */
  readonly url: string
  readonly port: number
  /** What the client API wants in `X-Avtomatika-Token`. */
  readonly clientToken: string
  /**
   * Creates a job of one task and dispatches it. Without a worker that can take it at this moment, the job is
   * quarantined, unless `waitForWorker` is on.
   *
   * @throws TypeError when the request makes no sense. @throws StateError when the orchestrator is closed.
   * @example
   * const job = await orchestrator.createJob({ task: 'resize', params: { width: 320 }, priority: 5 })
   */
  createJob(request: JobRequest): Promise<Job>
  job(id: string): Job | undefined
  /** Every job that is kept, the newest first: all that have not ended, and the last 100,000 that have. */
  jobs(): readonly Job[]
  /**
   * Asks the worker to stop the job's task; the job ends when the worker says that it stopped, or at once in the second
   * generation.
   *
   * @returns `…_sent` when the socket of a worker of the first generation took the command, else `…_accepted`.
   * @throws StateError when there is no such job, or when it does not wait for a worker.
   */
  cancelJob(id: string): Promise<CancelAnswer>
  /** The workers whose time to live is not over. */
  workers(): readonly WorkerRecord[]
  /**
   * Waits until a live, idle worker offers the task, or any task.
   *
   * @param options `timeoutMs`: default 30,000; `Infinity` for ever.
   * @throws AvtomatikaError with the code `TIMEOUT`; the signal's reason; StateError when the orchestrator closes.
   */
  waitForWorker(
    taskName?: string,
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<WorkerRecord>
  /**
   * Waits until the job has ended: it reached an end state, failed, or was quarantined.
   *
   * @param options `timeoutMs`: default 30,000; `Infinity` for ever.
   * @throws AvtomatikaError with the code `TIMEOUT`; StateError when there is no such job or the orchestrator closes.
   */
  waitForJob(id: string, options?: { readonly timeoutMs?: number }): Promise<Job>
  /** Calls `listener` at each event; returns how to stop that. */
  on<Name extends EventName>(event: Name, listener: Listener<Name>): () => void
  /** Forgets every worker's record, as a wiped storage does; jobs, queued tasks and sockets stay. */
  forgetWorkers(): void
  /** Answers the held polls, closes the sockets with 1001, stops every timer and frees the port. */
  close(): Promise<void>
}
