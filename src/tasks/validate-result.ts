import type { StandardSchemaV1 } from '@standard-schema/spec'
import { CONTRACT_VIOLATION_ERROR, TaskError } from '../errors.js'
import type { Outcome } from '../protocol/messages.js'
import { describeIssues } from './describe-issues.js'
import { judgeValue } from './judge.js'

/**
 * Validates the data of a success against the task's result schema. The orchestrator does the same and counts a mismatch
 * against the worker. Data of other statuses are not validated.
 *
 * @throws TaskError `CONTRACT_VIOLATION_ERROR` with every issue and its path
 */
export const validateResult = (
  spec: StandardSchemaV1 | undefined,
  outcome: Outcome,
  takesBigints = false,
): Outcome | Promise<Outcome> =>
  !spec || outcome.kind !== 'value' || outcome.status !== 'success'
    ? outcome
    : validated(spec, outcome, takesBigints)

const validated = async (
  spec: StandardSchemaV1,
  outcome: Extract<Outcome, { kind: 'value' }>,
  takesBigints: boolean,
): Promise<Outcome> => {
  const checked = await spec['~standard'].validate(outcome.data)
  const { status, costs, metadata } = outcome
  if (!checked.issues) return judgeValue({ status, data: checked.value, costs, metadata }, takesBigints)
  throw new TaskError(
    CONTRACT_VIOLATION_ERROR,
    `Data do not match the result schema: ${describeIssues(checked.issues)}`,
  )
}
