import type { EventName, Listener } from './events.js'
import type { OrchestratorFaults } from './faults/fault.js'
import type { Job, JobRequest } from './state/job.js'
import type { WorkerRecord } from './state/worker.js'

/** The answer to a request to cancel a job, in the words of the protocol. */
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
  /** The faults, which break the orchestrator while it runs. */
  readonly faults: OrchestratorFaults
  /**
   * Creates a job of one task and dispatches it. If no worker can take the task now, the job is quarantined. With the option
   * `waitForWorker`, the job waits instead. A job is also quarantined if its task cannot be signed.
   *
   * @throws TypeError if the request is not valid
   * @throws StateError if the orchestrator is closed
   * @example
   * const job = await orchestrator.createJob({ task: 'resize', params: { width: 320 }, priority: 5 })
   */
  createJob(request: JobRequest): Promise<Job>
  /** Returns the current state of a job. `undefined` if there is no such job. */
  job(id: string): Job | undefined
  /**
   * Returns the jobs, the newest first: all jobs that have not ended, and the last 100,000 jobs that have, up to 256 MiB of
   * memory.
   */
  jobs(): readonly Job[]
  /**
   * Cancels a job. In the first generation, the job ends when its worker confirms that the task has stopped. In the second
   * generation, the job ends at once.
   *
   * @returns `cancellation_request_sent` if a worker of the first generation received the command, else
   * `cancellation_request_accepted`
   * @throws StateError if there is no such job, or if no worker has its task
   */
  cancelJob(id: string): Promise<CancelAnswer>
  /** Returns the workers that have sent a request within their time to live. */
  workers(): readonly WorkerRecord[]
  /**
   * Waits until a live and idle worker offers a task.
   *
   * @param taskName - the name of the task. Default: any task
   * @param options - `timeoutMs`: how long to wait, in ms, default 30,000, `Infinity` waits forever; `signal`: ends the wait
   * @throws AvtomatikaError `TIMEOUT` if there is no such worker in time
   * @throws StateError if the orchestrator closes
   * @throws the reason of the `signal` if it aborts
   * @example
   * await orchestrator.waitForWorker('resize')
   */
  waitForWorker(
    taskName?: string,
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<WorkerRecord>
  /**
   * Waits until a job has ended: finished, failed, cancelled or quarantined.
   *
   * @param options - `timeoutMs`: how long to wait, in ms, default 30,000, `Infinity` waits forever
   * @throws AvtomatikaError `TIMEOUT` if the job has not ended in time
   * @throws StateError if there is no such job, or if the orchestrator closes
   * @example
   * const { status, history } = await orchestrator.waitForJob(job.id)
   */
  waitForJob(id: string, options?: { readonly timeoutMs?: number }): Promise<Job>
  /**
   * Adds a listener to an event of {@link OrchestratorEvents}.
   *
   * @returns a function that removes the listener
   * @example
   * orchestrator.on('progress', ({ jobId, fraction }) => console.log(jobId, fraction))
   */
  on<Name extends EventName>(event: Name, listener: Listener<Name>): () => void
  /**
   * Moves the clock of the orchestrator forward. Everything that is due by then happens now: held polls end, tasks time out, and
   * workers expire. The clock of the worker does not move.
   *
   * @throws RangeError if `ms` is not a number of milliseconds, 0 or more
   * @example
   * orchestrator.advanceClock(300_000) // the task has timed out
   */
  advanceClock(ms: number): void
  /** Deletes the records of all workers, like the loss of the storage. Jobs, queued tasks and sockets stay. */
  forgetWorkers(): void
  /**
   * Shows a log line of a worker at its job on the page. A line without a known job is ignored.
   *
   * @param line - one line as the worker writes it with `LOG_FORMAT=json`: an object with `jobId` or `taskId`
   * @example
   * const logger = pino({}, { write: (line) => orchestrator.recordLog(line) })
   * const worker = new Worker({ logger, config })
   */
  recordLog(line: string): void
  /** Closes the orchestrator: ends held polls, closes the sockets with code 1001, cancels all timers and frees the port. */
  close(): Promise<void>
}
