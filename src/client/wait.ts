import { RateLimitError, ResponseError, UnreachableError } from '../errors.js'
import { monotonicMs, sleep } from '../utils/time.js'
import { JobTimeoutError } from './errors.js'
import type { ClientJob, ClientProgress } from './job.js'

/** The options of {@link JobClient.wait}. */
export interface WaitOptions<Result extends object = Record<string, unknown>> {
  /** How long to wait, in ms. `Infinity` waits forever. Default: 300,000. */
  readonly timeoutMs?: number
  /** The longest pause between two requests, in ms. Pauses begin at 100 ms and grow. Default: 1,000. */
  readonly pollMs?: number
  /** Ends the wait when it aborts. The job continues: {@link JobClient.cancel} cancels it. Default: none. */
  readonly signal?: AbortSignal
  /** Receives each new progress of the job. Default: none. */
  readonly onProgress?: (progress: ClientProgress, job: ClientJob<Result>) => void
  /** Receives the job after each change of its status, state, retries or progress. Default: none. */
  readonly onChange?: (job: ClientJob<Result>) => void
  /**
   * Names of end states of the blueprint, besides the usual names such as `done`, `finished`, `failed` and `cancelled`. Only
   * needed on orchestrators of the first generation, because their jobs stay `running` in an end state. Default: none.
   */
  readonly endStates?: readonly string[]
}

const DEFAULT_TIMEOUT_MS = 300_000
const DEFAULT_POLL_MS = 1_000
const FIRST_PAUSE_MS = 100
const GROWTH = 1.5
/** The pause after a 429 without `Retry-After`, in ms. */
const LIMITED_MS = 5_000

/** Whether the next request may succeed. The job itself goes on in the meantime. */
const mayPass = (error: unknown): error is Error =>
  error instanceof UnreachableError ||
  error instanceof RateLimitError ||
  (error instanceof ResponseError && error.status >= 500)

/** Returns how long to wait before the next request, in ms. Pure. */
export const pauseMs = (looks: number, pollMs: number, trouble: unknown): number => {
  const usual = Math.min(pollMs, FIRST_PAUSE_MS * GROWTH ** Math.min(looks, 30))
  return trouble instanceof RateLimitError ? (trouble.retryAfterMs ?? Math.max(usual, LIMITED_MS)) : usual
}

const progressOf = ({ progress }: ClientJob<object>): string => JSON.stringify(progress) ?? ''
const stateOf = (job: ClientJob<object>): string =>
  [job.status, job.state, job.retryCount, job.taskId, progressOf(job)].join()

/** Tells the listeners of one wait what has changed. */
class Changes<Result extends object> {
  readonly #options: WaitOptions<Result>
  #state = ''
  #progress = ''

  constructor(options: WaitOptions<Result>) {
    this.#options = options
  }

  take(job: ClientJob<Result>): void {
    const [state, progress] = [stateOf(job), progressOf(job)]
    const { onProgress, onChange } = this.#options
    if (job.progress && progress !== this.#progress) onProgress?.(job.progress, job)
    if (state !== this.#state) onChange?.(job)
    this.#state = state
    this.#progress = progress
  }
}

const lateError = (
  id: string,
  waitedMs: number,
  job: ClientJob<object> | undefined,
  trouble: unknown,
): Error => {
  const at = job
    ? `it is ${job.status}${job.state ? ` in the state "${job.state}"` : ''}`
    : 'it was never read'
  const hint =
    job?.status === 'running'
      ? ': if this is an end state of the blueprint, name it in endStates'
      : trouble instanceof Error
        ? `, and the last request failed: ${trouble.message}`
        : ''
  return new JobTimeoutError(id, `Job ${id} did not end within ${waitedMs} ms; ${at}${hint}`, {
    cause: trouble,
  })
}

/**
 * Reads a job until it has ended. Requests that fail for a while are sent again: the orchestrator may restart.
 *
 * @throws JobTimeoutError; the reason of the signal; the error of a request that cannot succeed later
 */
export const untilEnd = async <Result extends object>(
  id: string,
  look: (signal: AbortSignal | undefined) => Promise<ClientJob<Result>>,
  options: WaitOptions<Result>,
): Promise<ClientJob<Result>> => {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, pollMs = DEFAULT_POLL_MS, signal } = options
  const dueMs = monotonicMs() + timeoutMs
  const changes = new Changes(options)
  let job: ClientJob<Result> | undefined
  for (let looks = 0; ; looks++) {
    signal?.throwIfAborted()
    let trouble: unknown
    try {
      job = await look(signal)
      changes.take(job)
      if (job.outcome) return job
    } catch (error) {
      signal?.throwIfAborted()
      if (!mayPass(error)) throw error
      trouble = error
    }
    const leftMs = dueMs - monotonicMs()
    if (leftMs <= 0) throw lateError(id, timeoutMs, job, trouble)
    await sleep(Math.min(pauseMs(looks, pollMs, trouble), leftMs), signal)
  }
}
