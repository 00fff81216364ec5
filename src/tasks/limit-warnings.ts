import type { TaskDefinition } from './definition.js'

/** What looks like a slip between the tasks' types and the limits by type. Pure. */
export const limitWarnings = (
  definitions: readonly TaskDefinition[],
  limits: Readonly<Record<string, number>>,
): readonly string[] => {
  const used = new Set(definitions.map(({ taskType }) => taskType))
  const unused = Object.keys(limits).filter((type) => !used.has(type))
  const unlimited = definitions.filter(
    ({ taskType }) => taskType !== undefined && !Object.hasOwn(limits, taskType),
  )
  return [
    ...unused.map((type) => `taskTypeLimits has a limit for "${type}", a type that no task has`),
    ...unlimited.map(
      ({ name, taskType }) =>
        `the task "${name}" has the type "${taskType}", which no limit in taskTypeLimits names`,
    ),
  ]
}
