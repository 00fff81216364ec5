import type { StandardSchemaV1 } from '@standard-schema/spec'
import { InvalidInputError } from '../errors.js'
import { isObject } from '../utils/json.js'
import type { ParamsClass } from './definition.js'
import { describeIssues } from './describe-issues.js'
import { describeThrown } from './describe-thrown.js'

/**
 * Validates the params of an offer. Returns the params for the handler, including defaults and coerced values.
 *
 * @throws InvalidInputError with every issue and its path
 */
export const validateParams = (
  spec: StandardSchemaV1 | ParamsClass | undefined,
  params: unknown,
): unknown => {
  if (spec && '~standard' in spec) return validateBySchema(spec, params)
  if (!isObject(params)) throw new InvalidInputError(`params: expected an object, got ${kindOf(params)}`)
  return spec ? construct(spec, params) : params
}

const construct = (spec: ParamsClass, params: object): object => {
  try {
    return new spec(params)
  } catch (error) {
    throw new InvalidInputError(describeThrown(error), { cause: error })
  }
}

const validateBySchema = (spec: StandardSchemaV1, params: unknown): unknown => {
  const result = spec['~standard'].validate(params)
  return result instanceof Promise ? result.then(outputOf) : outputOf(result)
}

const outputOf = (result: StandardSchemaV1.Result<unknown>): unknown => {
  if (!result.issues) return result.value
  throw new InvalidInputError(describeIssues(result.issues))
}

const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
