import type { StandardSchemaV1 } from '@standard-schema/spec'
import { CONTRACT_VIOLATION_ERROR, TaskError } from '../errors.js'
import type { Outcome } from '../protocol/messages.js'
import { describeIssues } from './describe-issues.js'
import { judgeValue } from './judge.js'

/**
 * Checks the data of a success against the task's own schema: the orchestrator would do it, too, and hold it against the
 * worker. Other statuses are the blueprint's affair.
 *
 * @throws TaskError `CONTRACT_VIOLATION_ERROR` with every issue and its path
 */
export const validateResult = (
  spec: StandardSchemaV1 | undefined,
  outcome: Outcome,
): Outcome | Promise<Outcome> =>
  !spec || outcome.kind !== 'value' || outcome.status !== 'success' ? outcome : validated(spec, outcome)

const validated = async (
  spec: StandardSchemaV1,
  outcome: Extract<Outcome, { kind: 'value' }>,
): Promise<Outcome> => {
  const checked = await spec['~standard'].validate(outcome.data)
  if (!checked.issues) return judgeValue({ status: outcome.status, data: checked.value })
  throw new TaskError(
    CONTRACT_VIOLATION_ERROR,
    `The data do not fit the result schema: ${describeIssues(checked.issues)}`,
  )
}
