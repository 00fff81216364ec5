import { jsonText } from '../utils/json.js'

/** The options of {@link JobClient.create}. Orchestrators of the first generation only use `endpoint`, `traceparent` and `webhookUrl`. */
export interface CreateOptions {
  /**
   * The `api_endpoint` of the blueprint, below the API. Default: `/jobs/` and the name. The embedded orchestrator has such an
   * endpoint for each task.
   */
  readonly endpoint?: string
  /** Metadata that workers receive with the tasks of the job. Must be JSON. Default: none. */
  readonly metadata?: object
  /** A policy for the tasks of the job, such as `{ allowed_skills: ['resize'] }`. Must be JSON. Default: none. */
  readonly policy?: object
  /** How long a task may take from its dispatch to its result, in ms. Default: the orchestrator decides. */
  readonly resultTimeoutMs?: number
  /** How long a task may wait for a worker, in ms. Default: the orchestrator decides. */
  readonly dispatchTimeoutMs?: number
  /** The URL that the orchestrator calls when the job ends. Default: none. */
  readonly webhookUrl?: string
  /** The trace that the job belongs to, in the format of the W3C header `traceparent`. Default: none. */
  readonly traceparent?: string
}

const inSeconds = (what: string, ms: number | undefined): number | undefined => {
  if (ms === undefined) return undefined
  if (Number.isFinite(ms) && ms > 0) return ms / 1_000
  throw new TypeError(`Job not created: ${what} must be a number of milliseconds above 0, not ${ms}`)
}

/**
 * Returns the body of the request that creates a job.
 *
 * @throws TypeError if JSON cannot represent the params, or an option is wrong
 */
export const createBody = (name: string, params: unknown, options: CreateOptions): string => {
  if (typeof params !== 'object' || params === null || Array.isArray(params))
    throw new TypeError(`Job of "${name}" not created: params must be an object`)
  const { metadata, policy, resultTimeoutMs, dispatchTimeoutMs, webhookUrl } = options
  return jsonText({
    initial_data: params,
    metadata,
    policy,
    webhook_url: webhookUrl,
    result_timeout: inSeconds('resultTimeoutMs', resultTimeoutMs),
    dispatch_timeout: inSeconds('dispatchTimeoutMs', dispatchTimeoutMs),
  })
}

/** Returns the path of the blueprint's endpoint below the API. */
export const endpointOf = (name: string, endpoint = `/jobs/${encodeURIComponent(name)}`): string =>
  endpoint.startsWith('/') ? endpoint : `/${endpoint}`
