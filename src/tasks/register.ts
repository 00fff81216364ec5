import { checkHandler, checkOptions } from './check-task.js'
import type { Handler, ParamsSpec, TaskDefinition, TaskOptions } from './definition.js'
import { withStandardSchemas } from './json-schema/standard-schemas.js'

/**
 * Makes the definition of a task out of the arguments of `worker.task`.
 *
 * @param rest - the options, which may be left out, and the handler
 * @throws AvtomatikaError `TASK_OPTIONS` or `TASK_HANDLER` if the arguments are wrong
 */
export const definitionFrom = (name: string, rest: readonly unknown[]): TaskDefinition => {
  const hasOptions = rest.length > 1 || (rest.length === 1 && typeof rest[0] === 'object')
  const [given = {}, handler] = hasOptions ? rest : [{}, rest[0]]
  checkHandler(name, handler)
  checkOptions(name, given)
  const { taskType, params, ...described } = withStandardSchemas(given as TaskOptions<ParamsSpec | undefined>)
  return { name, taskType, params, described, handler: handler as Handler<never> }
}
