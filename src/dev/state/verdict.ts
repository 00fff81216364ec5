import { INVALID_INPUT_ERROR, PERMANENT_ERROR } from '../../errors.js'
import { isObject } from '../../utils/json.js'
import type { JobState } from './job.js'

/** What a result does to its job. */
export type Verdict =
  | { readonly kind: 'reached'; readonly state: JobState; readonly brought: object }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'quarantined'; readonly message: string }
  | { readonly kind: 'retry'; readonly message: string }

/** What the answer to a result calls it. */
export type ResultKind = 'success' | 'failure' | 'cancelled'

const TRANSITIONS: ReadonlyMap<unknown, JobState> = new Map([
  ['success', 'done'],
  ['needs_manual_review', 'review'],
])

export const kindOf = ({ status }: Record<string, unknown>): ResultKind =>
  status === 'failure' || status === 'cancelled' ? status : 'success'

const NOTHING_SAID = 'No error message provided.'

const detailsOf = (error: unknown = {}): { code?: unknown; message: string } => {
  if (typeof error === 'string') return { message: error }
  if (!isObject(error)) return { message: 'No error details provided.' }
  const { code, message } = error
  return { code, message: typeof message === 'string' ? message : NOTHING_SAID }
}

const ENDS_AT_ONCE: ReadonlySet<unknown> = new Set([
  PERMANENT_ERROR,
  'SECURITY_ERROR',
  'DEPENDENCY_ERROR',
  'CONTRACT_VIOLATION_ERROR',
])

/** The second generation knows more codes. */
export const judgeRxonFailure = (error: unknown): Verdict => {
  const { code, message } = detailsOf(error)
  if (ENDS_AT_ONCE.has(code))
    return { kind: 'quarantined', message: `Task failed with permanent error (${code}): ${message}` }
  if (code === 'INTEGRITY_MISMATCH_ERROR')
    return { kind: 'failed', message: `Task failed due to data integrity mismatch: ${message}` }
  return judgeFailure(error)
}

const judgeFailure = (error: unknown): Verdict => {
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

/** Reads a result's body; a missing `status` means success. */
export const judge = (result: Record<string, unknown>, ofFailure = judgeFailure): Verdict => {
  const { data, error } = result
  const status = result['status'] ?? 'success'
  if (status === 'failure') return ofFailure(error)
  if (status === 'cancelled') return { kind: 'reached', state: 'cancelled_state', brought: {} }
  const state = TRANSITIONS.get(status)
  if (state) return { kind: 'reached', state, brought: isObject(data) ? data : {} }
  return { kind: 'failed', message: `Worker returned unhandled status: ${String(status)}` }
}
