import type { EventName, Listener } from './events.js'
import type { OrchestratorFaults } from './faults/fault.js'
import type { Job, JobRequest } from './state/job.js'
import type { WorkerRecord } from './state/worker.js'

/** What the orchestrator did with a request to cancel a job. */
export type CancelAnswer = 'cancellation_request_sent' | 'cancellation_request_accepted'

/** A running orchestrator for development and tests. Nothing survives its process. */
export interface DevOrchestrator extends AsyncDisposable {
  /** The address for workers and clients, such as `http://127.0.0.1:41234`. */
  readonly url: string
  /** The port that the orchestrator listens on. */
  readonly port: number
  /** The token for workers, for the header `X-Worker-Token` or the worker's variable `WORKER_TOKEN`. */
  readonly workerToken: string
  /** The token of the client API, for the header `X-Avtomatika-Token`. */
  readonly clientToken: string
  /** Breaks the orchestrator on purpose, while it runs. */
  readonly faults: OrchestratorFaults
  /**
   * Creates a job of one task and dispatches it. If no worker can take the task at this moment, the job is quarantined,
   * unless `waitForWorker` is on. A task that cannot be signed for its worker is quarantined, too.
   *
   * @throws TypeError if the request is not valid. @throws StateError if the orchestrator is closed.
   * @example
   * const job = await orchestrator.createJob({ task: 'resize', params: { width: 320 }, priority: 5 })
   */
  createJob(request: JobRequest): Promise<Job>
  /** Returns the job as it is now, or `undefined` if there is no such job. */
  job(id: string): Job | undefined
  /** All jobs that have not ended and the last 100,000 that have, at most 256 MiB of them. The newest comes first. */
  jobs(): readonly Job[]
  /**
   * Asks the worker to stop the task of a job. The job ends when the worker confirms that it stopped, or at once if the
   * worker is of the second generation.
   *
   * @returns `…_sent` if the command was sent to a worker of the first generation, else `…_accepted`.
   * @throws StateError if there is no such job, or if it is not waiting for a worker.
   */
  cancelJob(id: string): Promise<CancelAnswer>
  /** The workers that sent something within their time to live. */
  workers(): readonly WorkerRecord[]
  /**
   * Waits until a live, idle worker offers the task, or any task if no name is given.
   *
   * @param options `timeoutMs`: default 30,000; `Infinity` waits forever. `signal` ends the wait.
   * @throws AvtomatikaError with the code `TIMEOUT`; the reason of the signal; StateError if the orchestrator closes.
   */
  waitForWorker(
    taskName?: string,
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<WorkerRecord>
  /**
   * Waits until the job reaches an end state, fails, is cancelled, or is quarantined.
   *
   * @param options `timeoutMs`: default 30,000; `Infinity` waits forever.
   * @throws AvtomatikaError with the code `TIMEOUT`; StateError if there is no such job, or if the orchestrator closes.
   */
  waitForJob(id: string, options?: { readonly timeoutMs?: number }): Promise<Job>
  /** Calls `listener` at each event. Returns a function that removes the listener. */
  on<Name extends EventName>(event: Name, listener: Listener<Name>): () => void
  /**
   * Moves the clock of the orchestrator forward. Polls that are held, deadlines of tasks, and workers whose time to live is over by
   * then end now. The clock of the worker does not move.
   *
   * @throws RangeError if `ms` is no number of ms, 0 or more
   * @example
   * orchestrator.advanceClock(300_000) // the task has timed out
   */
  advanceClock(ms: number): void
  /** Forgets all workers, as an orchestrator with an empty storage would. Jobs, queued tasks and sockets stay. */
  forgetWorkers(): void
  /**
   * Shows a line of a worker's log at its job on the page. Lines that are about no known job are ignored.
   *
   * @param line - one line as the worker writes it with `LOG_FORMAT=json`: an object with `jobId` or `taskId`
   * @example
   * const logger = pino({}, { write: (line) => orchestrator.recordLog(line) })
   * const worker = new Worker({ logger, config })
   */
  recordLog(line: string): void
  /** Ends the held polls, closes the sockets with code 1001, cancels every timer and frees the port. */
  close(): Promise<void>
}
