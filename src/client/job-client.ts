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
  readonly id: string
  /** The type of the result. The member exists for the compiler only. */
  readonly '~result'?: Result
}

/** A page of a list. */
export interface ListOptions {
  /** How many jobs. Default 100. */
  readonly limit?: number
  /** How many of the newest jobs to skip. Default 0. */
  readonly offset?: number
}

/** What the orchestrator did with a request to cancel a job: told the worker over its socket, or noted it. */
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
 * `Source` types the jobs: the type of a worker whose tasks were registered in one chain, or of a task of `defineTask`.
 *
 * Every method throws UnreachableError if no complete answer came, AuthError for a refused token, RateLimitError for too many
 * requests or an exhausted quota, ResponseError for another refusal, and ProtocolError for an answer that is no answer of an
 * orchestrator.
 *
 * @example
 * await using client = new JobClient<typeof worker>({ url: 'http://127.0.0.1:8080', token: 'dev-client-token' })
 * const job = await client.create('resize', { width: 320 })
 * const { outcome, result, error } = await client.wait(job, { onProgress: ({ fraction }) => console.log(fraction) })
 */
export class JobClient<Source = unknown> implements AsyncDisposable {
  readonly #settings: ClientSettings
  readonly #transport: HttpTransport

  /** @throws ConfigError that lists every wrong option */
  constructor(options: ClientOptions) {
    this.#settings = settle(options)
    const { url, token } = this.#settings
    this.#transport = new HttpTransport({
      url,
      connections: CONNECTIONS,
      redactor: new Redactor([token]),
      headers: tokenHeaders(token),
    })
  }

  /** Does the same, typed by the tasks of one worker: `client.create<typeof worker>('resize', { width: 320 })`. */
  create<Other extends HasTasks<Readonly<Record<string, TaskTypes>>> = never>(
    ...args: CreateArgs<Other>
  ): Promise<JobRef<TaskResult<Other, TaskName<Other>>>>
  /**
   * Creates a job and returns its id. The request is never repeated, because that might create a second job.
   *
   * @param name - the name of the task on the embedded orchestrator; on a real one, the last part of the `api_endpoint` of a
   * blueprint, such as `resize` for `/jobs/resize`
   * @param params - the params of the task; on a real orchestrator, the initial data of the blueprint
   * @throws TypeError if JSON cannot represent the params. @throws ResponseError `UNKNOWN_ENDPOINT` if there is no such blueprint
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
   * Returns the job as it is now.
   *
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
   * Waits until the job has ended, and returns it. A job that failed is returned, too: see `outcome` and `error`. Goes on over
   * restarts and outages of the orchestrator.
   *
   * @throws JobTimeoutError; UnknownJobError; the reason of the signal
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
   * Asks the orchestrator to cancel a job. The job ends when its worker has stopped, in the second generation at once.
   *
   * @throws UnknownJobError if there is no such job, or it has ended. @throws ResponseError `NOT_CANCELLABLE` if the job waits for
   * no worker
   */
  async cancel(job: JobRef<object> | string): Promise<CancelReceipt> {
    const id = idOf(job)
    const what = `Cancellation of job ${id}`
    const response = await this.#send('POST', `${jobPath(id)}/cancel`)
    const { status } = this.#object(what, response, jobRefusedBy)
    return status === 'cancellation_request_sent' ? 'sent' : 'accepted'
  }

  /**
   * Lists the jobs of this client, the newest first. A real orchestrator lists jobs only if it has a history database.
   *
   * @throws AvtomatikaError `NO_JOB_LIST` if the orchestrator keeps no list, or has never seen a job of this client
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

  /** Ends all connections. Requests in flight fail. */
  close(): Promise<void> {
    return this.#transport.close()
  }

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
  throw new TypeError('A job is named by its id, or by what create() returned')
}

const jobPath = (id: string): string => `/jobs/${encodeURIComponent(id)}`
