import { isObject } from '../utils/json.js'

/** Returns the name of the task in the initial data of a job. Each generation has a member of its own for it. Pure. */
export const taskNameIn = (initialData: unknown): string | undefined => {
  if (!isObject(initialData)) return undefined
  const name = initialData['type'] ?? initialData['skill']
  return typeof name === 'string' ? name : undefined
}
