import { AvtomatikaError, ResponseError } from '../errors.js'
import { refusal } from '../protocol/answers.js'
import type { HttpResponse } from '../transport/request-in-flight.js'

/** The orchestrator has no such job, or the job to cancel has ended (404). Code `UNKNOWN_JOB`. */
export class UnknownJobError extends ResponseError {
  constructor(message: string) {
    super(404, message, 'UNKNOWN_JOB')
  }
}

/** The job did not end within `timeoutMs` of {@link JobClient.wait}. The job continues. Code `TIMEOUT`. */
export class JobTimeoutError extends AvtomatikaError {
  /** The id of the job. */
  readonly jobId: string

  constructor(jobId: string, message: string, options?: ErrorOptions) {
    super('TIMEOUT', message, options)
    this.jobId = jobId
  }
}

/** What to do next, by the status of the answer. */
const REMEDIES: Readonly<Record<number, string>> = {
  401: 'check the token: a client has one of its own (clients.toml or CLIENT_TOKEN), workers have another',
  403: 'use the token that has created the job: no other client may see it',
  429: 'wait, or raise monthly_attempts of the client in clients.toml: each request counts, also reading a job',
}

const messageOf = (what: string, response: HttpResponse, remedy = REMEDIES[response.status]): string => {
  const { message } = refusal(what, response)
  return remedy === undefined ? message : `${message}. Next: ${remedy}`
}

/** Returns the error for a response that refuses `what`. */
export const refusedBy = (what: string, response: HttpResponse): ResponseError => {
  const error = refusal(what, response)
  error.message = messageOf(what, response)
  return error
}

/** Returns the error for a response about one job. */
export const jobRefusedBy = (what: string, response: HttpResponse): ResponseError => {
  if (response.status === 404) return new UnknownJobError(messageOf(what, response))
  if (response.status !== 409) return refusedBy(what, response)
  const remedy = 'read the job: its status says where it is'
  return new ResponseError(409, messageOf(what, response, remedy), 'NOT_CANCELLABLE')
}

/** Returns the error for a path to which no jobs can be sent. */
export const creationRefusedBy = (what: string, path: string, response: HttpResponse): ResponseError => {
  if (response.status !== 404 && response.status !== 405) return refusedBy(what, response)
  const remedy = `no blueprint of this orchestrator has the endpoint ${path}: pass { endpoint } with its api_endpoint`
  return new ResponseError(response.status, messageOf(what, response, remedy), 'UNKNOWN_ENDPOINT')
}

/** Returns the error for an empty list of which nobody knows whether it is complete. */
export const noList = (url: string): AvtomatikaError =>
  new AvtomatikaError(
    'NO_JOB_LIST',
    `List of jobs at ${url} is empty: this client has created none, or the orchestrator keeps no list. ` +
      'Next: set HISTORY_DATABASE_URI at the orchestrator, or keep the ids that create() returns',
  )
