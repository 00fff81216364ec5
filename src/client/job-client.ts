import { ProtocolError, type ResponseError } from '../errors.js'
import type { HasTasks, TaskTypes } from '../tasks/task-types.js'
import { CancelGroup } from '../transport/cancel-group.js'
import { HttpTransport } from '../transport/http.js'
import type { HttpResponse } from '../transport/request-in-flight.js'
import { parseWide } from '../utils/exact-json.js'
import { isObject } from '../utils/json.js'
import { Redactor } from '../utils/redactor.js'
import { type CreateOptions, createBody, endpointOf } from './create-request.js'
import { creationRefusedBy, jobRefusedBy, noList, refusedBy } from './errors.js'
import { type ClientJob, readJob, readListed } from './job.js'
import { type ClientOptions, type ClientSettings, settle } from './options.js'
import { tokenHeaders } from './token-headers.js'
import type { CreateArgs, TaskName, TaskParams, TaskResult } from './types.js'
import { untilEnd, type WaitOptions } from './wait.js'

/** A job that was created. `Result` is the type of its result. */
export interface JobRef<Result extends object = Record<string, unknown>> {
  /** The id of the job. */
  readonly id: string
  /** The type of the result. The member exists for the compiler only. */
  readonly '~result'?: Result
}

/** The options of {@link JobClient.list}. */
export interface ListOptions {
  /** The largest number of jobs. Default: 100. */
  readonly limit?: number
  /** The number of newest jobs to skip. Default: 0. */
  readonly offset?: number
}

/**
 * The answer to a request to cancel a job. `sent`: the orchestrator has sent the command to the worker over its WebSocket.
 * `accepted`: the orchestrator has recorded the request.
 */
export type CancelReceipt = 'sent' | 'accepted'

/** Longest answer that is read, in bytes. */
const MAX_BYTES = 64 * 1024 * 1024
const CONNECTIONS = 16

/** Returns the error for a response that refuses a request. */
type Refused = (what: string, response: HttpResponse) => ResponseError

/**
 * Creates jobs on an orchestrator and reads their results. Works with both generations and with the embedded orchestrator.
 * Each request counts against the quota of the client on a real orchestrator.
 *
 * `Source` gives the jobs their types. It is the type of a worker whose tasks were registered in one chain, or the type of a
 * task of `defineTask`.
 *
 * Every method that sends a request throws {@link UnreachableError} if no complete answer came, {@link AuthError} for a refused
 * token, {@link RateLimitError} for too many requests or an exhausted quota, {@link ResponseError} for another error status, and
 * {@link ProtocolError} for an answer that no orchestrator sends.
 *
 * @example
 * await using client = new JobClient<typeof worker>({ url: 'http://127.0.0.1:8080', token: 'dev-client-token' })
 * const job = await client.create('resize', { width: 320 })
 * const { outcome, result, error } = await client.wait(job, { onProgress: ({ fraction }) => console.log(fraction) })
 */
export class JobClient<Source = unknown> implements AsyncDisposable {
  readonly #settings: ClientSettings
  readonly #transport: HttpTransport

  /**
   * Checks the options. Opens no connection.
   *
   * @throws ConfigError with all problems of the options
   */
  constructor(options: ClientOptions) {
    this.#settings = settle(options)
    const { url, token } = this.#settings
    this.#transport = new HttpTransport(
      { url, redactor: new Redactor([token]) },
      tokenHeaders(token),
      CONNECTIONS,
    )
  }

  /** Does the same for one call with types: `client.create<typeof worker>('resize', { width: 320 })`. */
  create<Other extends HasTasks<Readonly<Record<string, TaskTypes>>> = never>(
    ...args: CreateArgs<Other>
  ): Promise<JobRef<TaskResult<Other, TaskName<Other>>>>
  /**
   * Creates a job and returns its id. It never retries the request, because a retry might create a second job.
   *
   * @param name - on the embedded orchestrator, the name of the task. On a real orchestrator, the last part of the
   * `api_endpoint` of a blueprint, such as `resize` for `/jobs/resize`
   * @param params - on the embedded orchestrator, the params of the task. On a real orchestrator, the initial data of the job
   * @throws TypeError if JSON cannot represent the params
   * @throws ResponseError `UNKNOWN_ENDPOINT` if no blueprint has this endpoint
   * @example
   * const { id } = await client.create('resize', { width: 320 })
   */
  create<Name extends TaskName<Source>>(
    name: Name,
    params: TaskParams<Source, Name>,
    options?: CreateOptions,
  ): Promise<JobRef<TaskResult<Source, Name>>>
  async create(name: string, params: object, options: CreateOptions = {}): Promise<JobRef> {
    const path = endpointOf(name, options.endpoint)
    const what = `Creation of a job of "${name}"`
    const { traceparent } = options
    const response = await this.#send('POST', path, createBody(name, params, options), {
      ...(traceparent !== undefined && { traceparent }),
    })
    const id = this.#object(what, response, (at) => creationRefusedBy(at, path, response))['job_id']
    if (typeof id === 'string') return { id }
    throw new ProtocolError(`${what} at ${this.#settings.url} was answered without a job_id`)
  }

  /**
   * Returns the current state of a job.
   *
   * @param job - the return value of {@link create}, or the id of the job
   * @throws UnknownJobError if there is no such job
   */
  async get<Result extends object>(
    job: JobRef<Result> | string,
    { endStates, signal }: Pick<WaitOptions, 'endStates' | 'signal'> = {},
  ): Promise<ClientJob<Result>> {
    const id = idOf(job)
    const what = `Reading of job ${id}`
    const response = await this.#send('GET', jobPath(id), undefined, {}, signal)
    const read = readJob(this.#object(what, response, jobRefusedBy), endStates)
    if (read) return read as ClientJob<Result>
    throw new ProtocolError(`${what} at ${this.#settings.url} was answered without an id and a status`)
  }

  /**
   * Waits until a job has ended, and returns it. A failed job does not throw: read its `outcome` and its `error`. The wait
   * continues over restarts and outages of the orchestrator.
   *
   * @param job - the return value of {@link create}, or the id of the job
   * @throws JobTimeoutError if the job has not ended in time. The job continues
   * @throws UnknownJobError if there is no such job
   * @throws the reason of the `signal` if it aborts
   * @example
   * const { outcome, result } = await client.wait(job, { timeoutMs: 60_000 })
   */
  wait<Result extends object>(
    job: JobRef<Result> | string,
    options: WaitOptions<Result> = {},
  ): Promise<ClientJob<Result>> {
    const { endStates } = options
    const look = (signal: AbortSignal | undefined) =>
      this.get(job, { ...(endStates && { endStates }), ...(signal && { signal }) })
    return untilEnd(idOf(job), look, options)
  }

  /**
   * Asks the orchestrator to cancel a job. In the first generation, the job ends when its worker has stopped the task. In the
   * second generation, the job ends at once.
   *
   * @param job - the return value of {@link create}, or the id of the job
   * @throws UnknownJobError if there is no such job, or if it has ended
   * @throws ResponseError `NOT_CANCELLABLE` if no worker has the task of the job
   * @example
   * await client.cancel(job)
   */
  async cancel(job: JobRef<object> | string): Promise<CancelReceipt> {
    const id = idOf(job)
    const what = `Cancellation of job ${id}`
    const response = await this.#send('POST', `${jobPath(id)}/cancel`)
    const { status } = this.#object(what, response, jobRefusedBy)
    return status === 'cancellation_request_sent' ? 'sent' : 'accepted'
  }

  /**
   * Returns the jobs of this client, the newest first. A real orchestrator needs `HISTORY_DATABASE_URI` for it.
   *
   * @throws AvtomatikaError `NO_JOB_LIST` if the orchestrator keeps no list, or has no job of this client
   * @example
   * for (const { id, outcome } of await client.list({ limit: 10 })) console.log(id, outcome)
   */
  async list({ limit = 100, offset = 0 }: ListOptions = {}): Promise<readonly ClientJob[]> {
    const response = await this.#send('GET', `/jobs?limit=${limit}&offset=${offset}`)
    const answer = this.#read('Listing of jobs', response, refusedBy)
    if (!Array.isArray(answer))
      throw new ProtocolError(`Listing of jobs at ${this.#settings.url} was not answered with a list`)
    // A real orchestrator without a history answers with an empty list, too.
    const isKept = answer.length > 0 || offset > 0 || response.headers['x-total-count'] !== undefined
    if (!isKept) throw noList(this.#settings.url)
    return answer.map((each) => readListed(each)).filter((job) => job !== undefined)
  }

  /** Closes all connections. Requests in flight fail. */
  close(): Promise<void> {
    return this.#transport.close()
  }

  /** Does the same as {@link close}, at the end of a block with `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #send(
    method: 'GET' | 'POST',
    path: string,
    body?: string,
    headers: Readonly<Record<string, string>> = {},
    signal?: AbortSignal,
  ): Promise<HttpResponse> {
    const { apiPath, requestTimeoutMs: deadlineMs } = this.#settings
    const cancelGroup = new CancelGroup()
    const cancel = () => cancelGroup.cancelAll()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      return await this.#transport.send({
        ...{ method, path: apiPath + path, body, headers, deadlineMs, cancelGroup, maxBytes: MAX_BYTES },
      })
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  #object(what: string, response: HttpResponse, refused: Refused): Record<string, unknown> {
    const answer = this.#read(what, response, refused)
    if (isObject(answer)) return answer
    throw new ProtocolError(`${what} at ${this.#settings.url} was not answered with a JSON object`)
  }

  #read(what: string, response: HttpResponse, refused: Refused): unknown {
    const { url } = this.#settings
    if (response.status >= 300) throw refused(`${what} at ${url}`, response)
    try {
      return parseWide(response.text)
    } catch (cause) {
      throw new ProtocolError(`${what} at ${url} was not answered with JSON: is this an orchestrator?`, {
        cause,
      })
    }
  }
}

const idOf = (job: JobRef<object> | string): string => {
  const id: unknown = typeof job === 'string' ? job : job?.id
  if (typeof id === 'string' && id !== '') return id
  throw new TypeError('Job not named: pass its id, or the return value of create()')
}

const jobPath = (id: string): string => `/jobs/${encodeURIComponent(id)}`
