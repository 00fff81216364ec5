import { PERMANENT_ERROR } from '../errors.js'
import type { Outcome } from '../protocol/messages.js'

/** A handler may return these statuses without declaring them. */
const ALWAYS: readonly string[] = ['success', 'failure', 'cancelled']

/**
 * Returns a failure in place of a status that the task does not declare. A blueprint has no transition for it, so the job
 * would stop without a reason. A task without `statuses` may return any status.
 */
export const checkStatus = (statuses: readonly string[] | undefined, outcome: Outcome): Outcome => {
  if (!statuses || outcome.kind !== 'value') return outcome
  const { status, ...rest } = outcome
  if (ALWAYS.includes(status) || statuses.includes(status)) return outcome
  const declared = [...new Set(['success', 'failure', ...statuses])].join(', ')
  const message = `The handler returned the status "${status}", which the task does not declare: it declares ${declared}. Add it to \`statuses\``
  return { ...rest, kind: 'failure', error: { code: PERMANENT_ERROR, message } }
}
