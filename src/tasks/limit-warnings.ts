import type { RegisteredTask } from './definition.js'

/** Lists probable mistakes: limits for types that no task has, and types without a limit. Pure. */
export const limitWarnings = (
  definitions: readonly RegisteredTask[],
  limits: Readonly<Record<string, number>>,
): readonly string[] => {
  const used = new Set(definitions.map(({ taskType }) => taskType))
  const unused = Object.keys(limits).filter((type) => !used.has(type))
  const unlimited = definitions.filter(
    ({ name, taskType }) => taskType !== name && !Object.hasOwn(limits, taskType),
  )
  return [
    ...unused.map((type) => `unused limit: taskTypeLimits has "${type}", but no task has this type`),
    ...unlimited.map(
      ({ name, taskType }) =>
        `missing limit: task "${name}" has the type "${taskType}", but taskTypeLimits has no such entry`,
    ),
  ]
}
