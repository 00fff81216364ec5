import { isObject } from '../utils/json.js'

/** Returns the objects of a list; nothing for a value that is no list. Pure. */
export const objectsIn = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.filter(isObject) : []

/** Returns the names of the tasks that workers offer, by the list of workers of the client API. Pure. */
export const offeredTasks = (workers: unknown): readonly string[] => [
  ...new Set(objectsIn(workers).flatMap(tasksOf)),
]

/** Each generation has its own words. */
const tasksOf = ({
  supported_tasks: names,
  supported_skills: skills,
}: Readonly<Record<string, unknown>>): readonly string[] => {
  const list = [names, skills].find(Array.isArray) ?? []
  return list.flatMap((each: unknown) => {
    const name = isObject(each) ? each['name'] : each
    return typeof name === 'string' ? [name] : []
  })
}
