import type { StandardSchemaV1 } from '@standard-schema/spec'

/** Lists every issue with its path, on one line. */
export const describeIssues = (issues: readonly StandardSchemaV1.Issue[]): string =>
  issues.map(describeIssue).join('; ')

const describeIssue = ({ path, message }: StandardSchemaV1.Issue): string => {
  const keys = path?.map((segment) => String(typeof segment === 'object' ? segment.key : segment)) ?? []
  return keys.length > 0 ? `${keys.join('.')}: ${message}` : message
}
