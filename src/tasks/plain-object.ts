import { PERMANENT_ERROR, TaskError } from '../errors.js'
import type { JsonObject } from '../utils/json.js'
import { isJsonObject, toPlainJson } from './plain-json.js'

/**
 * Copies an object of a handler's result as JSON.
 *
 * @param path - where the object is in the result, for errors
 * @param takesBigints - whether the object may contain bigints
 * @param because - why an object is needed, for the error
 * @throws TaskError `PERMANENT_ERROR` if the value is no object, NotJsonError if JSON cannot represent a part of it
 */
export const plainObject = (
  value: unknown,
  path: string,
  takesBigints = false,
  because?: string,
): JsonObject => {
  const copy = toPlainJson(value, path, takesBigints)
  if (isJsonObject(copy)) return copy
  const what = Array.isArray(copy) ? 'an array' : `a ${typeof copy}`
  const why = because === undefined ? '' : `, because ${because}`
  throw new TaskError(PERMANENT_ERROR, `The handler returned ${path} that is ${what}: return an object${why}`)
}
