import { INVALID_INPUT_ERROR, PERMANENT_ERROR } from '../../errors.js'
import { isObject } from '../../utils/json.js'
import { textOf } from '../text-of.js'
import type { JobState } from './job.js'

/** What a result does to its job. */
export type ResultEffect =
  | { readonly kind: 'reached'; readonly state: JobState; readonly data: object }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'quarantined'; readonly message: string }
  | { readonly kind: 'retry'; readonly message: string }

/** The last word of the response to a result of the first generation. */
export type ResultKind = 'success' | 'failure' | 'cancelled'

type ResultBody = Readonly<Record<string, unknown>>

const TRANSITIONS: ReadonlyMap<unknown, JobState> = new Map([
  ['success', 'done'],
  ['needs_manual_review', 'review'],
])

export const kindOf = ({ status }: ResultBody): ResultKind =>
  status === 'failure' || status === 'cancelled' ? status : 'success'

const NO_MESSAGE = 'No error message provided.'

const detailsOf = (error: unknown = {}): { code?: unknown; message: string } => {
  if (typeof error === 'string') return { message: error }
  if (!isObject(error)) return { message: 'No error details provided.' }
  const { code, message } = error
  return { code, message: typeof message === 'string' ? message : NO_MESSAGE }
}

const QUARANTINED_CODES: ReadonlySet<unknown> = new Set([
  PERMANENT_ERROR,
  'SECURITY_ERROR',
  'DEPENDENCY_ERROR',
  'CONTRACT_VIOLATION_ERROR',
])

const effectOfRxonFailure = (error: unknown): ResultEffect => {
  const { code, message } = detailsOf(error)
  if (QUARANTINED_CODES.has(code))
    return { kind: 'quarantined', message: `Task failed with permanent error (${code}): ${message}` }
  if (code === 'INTEGRITY_MISMATCH_ERROR')
    return { kind: 'failed', message: `Task failed due to data integrity mismatch: ${message}` }
  return effectOfFailure(error)
}

const effectOfFailure = (error: unknown): ResultEffect => {
  const { code, message } = detailsOf(error)
  switch (code) {
    case PERMANENT_ERROR:
      return { kind: 'quarantined', message: `Task failed with permanent error: ${message}` }
    case INVALID_INPUT_ERROR:
      return { kind: 'failed', message: `Task failed due to invalid input: ${message}` }
    default:
      return { kind: 'retry', message }
  }
}

/** Returns the effect of a result of the first generation. A missing `status` means success. */
export const effectOf = (result: ResultBody): ResultEffect => effect(result, effectOfFailure)

/** Returns the effect of a result of the second generation, which knows more error codes. */
export const effectOfRxon = (result: ResultBody): ResultEffect => effect(result, effectOfRxonFailure)

const effect = (result: ResultBody, ofFailure: typeof effectOfFailure): ResultEffect => {
  const { data, error } = result
  const status = result['status'] ?? 'success'
  if (status === 'failure') return ofFailure(error)
  if (status === 'cancelled') return { kind: 'reached', state: 'cancelled_state', data: {} }
  const state = TRANSITIONS.get(status)
  if (state) return { kind: 'reached', state, data: isObject(data) ? data : {} }
  return { kind: 'failed', message: `Worker returned unhandled status: ${textOf(status)}` }
}
