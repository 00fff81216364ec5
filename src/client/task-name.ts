import { isObject } from '../utils/json.js'

/** The blueprint of `dev`, whose initial data name the task. Those of any other blueprint may mean anything. */
const ONE_TASK = 'one_task'
/** The error of a job whose task no worker offers, on every orchestrator. */
const UNOFFERED = /\bNo suitable workers for task type '(?<task>[^']+)'/

/** Returns the name of the task that a job needs, as far as the orchestrator tells it. Pure. */
export const taskNameOf = ({
  blueprint_name: blueprint,
  initial_data: initial,
  error_message: error,
}: Readonly<Record<string, unknown>>): string | undefined => {
  if (blueprint === ONE_TASK && isObject(initial)) {
    // Each generation has a member of its own for it.
    const name = initial['type'] ?? initial['skill']
    if (typeof name === 'string') return name
  }
  return typeof error === 'string' ? UNOFFERED.exec(error)?.groups?.['task'] : undefined
}
