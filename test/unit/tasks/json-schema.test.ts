import { describe, expect, test } from 'vitest'
import type { JsonSchema, TaskOptions } from '../../../src/tasks/definition.js'
import { describeSkill } from '../../../src/tasks/describe-skill.js'
import { eventPayload } from '../../../src/tasks/event-payload.js'
import { schemasReady } from '../../../src/tasks/json-schema/standard-schemas.js'
import { definitionFrom } from '../../../src/tasks/register.js'
import { validateParams } from '../../../src/tasks/validate-params.js'
import { validateResult } from '../../../src/tasks/validate-result.js'

const ready = async (options: TaskOptions<JsonSchema>) => {
  const definition = definitionFrom('work', [options, () => {}])
  await schemasReady([definition])
  return definition
}

const SIZE = {
  type: 'object',
  properties: { width: { type: 'integer', minimum: 1 }, tags: { type: 'array', items: { type: 'string' } } },
  required: ['width'],
  additionalProperties: false,
}

describe('a plain JSON Schema', () => {
  test('takes params that match, unchanged', async () => {
    const { params } = await ready({ params: SIZE })
    const given = { width: 1, tags: ['a'] }
    expect(validateParams(params, given)).toBe(given)
  })

  test.each<[object, string]>([
    [{ width: 'x' }, 'width: Instance type "string" is invalid. Expected "integer".'],
    [{}, 'Instance does not have required property "width".'],
    [{ width: 1, height: 2 }, 'height: is not allowed'],
    [{ width: 1, tags: ['a', 5] }, 'tags.1: Instance type "number" is invalid. Expected "string".'],
    [
      { width: 0, tags: 5 },
      'width: 0 is less than 1.; tags: Instance type "number" is invalid. Expected "array".',
    ],
  ])('refuses %o and says where', async (given, message) => {
    const { params } = await ready({ params: SIZE })
    expect(() => validateParams(params, given)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT_ERROR', message }),
    )
  })

  test('that is frozen, and that several tasks share, can be used', async () => {
    const shared = Object.freeze({ ...SIZE, $id: 'https://example.com/size' })
    for (const options of [{ params: shared }, { params: shared, result: shared }])
      expect(validateParams((await ready(options)).params, { width: 1 })).toEqual({ width: 1 })
    expect(Object.keys(shared)).toEqual([...Object.keys(SIZE), '$id'])
  })

  test('is published as it is', async () => {
    const events = { found: { type: 'object', properties: { url: { type: 'string', format: 'uri' } } } }
    const definition = await ready({ params: SIZE, result: SIZE, events })
    const skill = describeSkill({ ...definition, taskType: 'resize' })
    expect(skill).toMatchObject({ inputSchema: SIZE, outputSchema: SIZE, eventsSchema: events })
  })

  test('checks data of a success', async () => {
    const { described } = await ready({ params: SIZE, result: SIZE })
    const outcome = { kind: 'value' as const, status: 'success', data: { width: 'x' } }
    await expect(validateResult(described?.result, outcome)).rejects.toMatchObject({
      code: 'CONTRACT_VIOLATION_ERROR',
      message: expect.stringContaining('width: '),
    })
  })

  test('checks payloads of events, which may have dates and members that are undefined', async () => {
    const found = { type: 'object', properties: { at: { type: 'string' } }, additionalProperties: false }
    const { described } = await ready({ params: SIZE, events: { found } })
    const emit = (payload: object) => eventPayload('found', payload, described?.events, true)
    expect(emit({ at: new Date(0), gone: undefined })).toEqual({ at: '1970-01-01T00:00:00.000Z' })
    expect(() => emit({ at: 5 })).toThrow('at: ')
  })

  test('takes large integers of a task with `bigints` only', async () => {
    const params = { type: 'object', properties: { id: { type: 'integer' } } }
    const given = { id: 2n ** 60n }
    expect(validateParams((await ready({ params, bigints: true })).params, given)).toBe(given)
    expect(() => validateParams(undefined, given)).not.toThrow()
    const { params: spec } = await ready({ params })
    expect(() => validateParams(spec, given)).toThrow('beyond 2^53')
  })

  test.each<[string, JsonSchema & Record<string, unknown>, object, boolean]>([
    [
      'no name is draft 7: what stands beside $ref is ignored',
      { $ref: '#/definitions/a', required: ['x'], definitions: { a: {} } },
      {},
      true,
    ],
    [
      '2020-12 is not',
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $ref: '#/$defs/a',
        required: ['x'],
        $defs: { a: {} },
      },
      {},
      false,
    ],
    [
      'a keyword of 2020-12 is 2020-12',
      { properties: { l: { prefixItems: [{ type: 'string' }] } } } as never,
      { l: [1] },
      false,
    ],
    [
      'draft 4 has flags',
      {
        $schema: 'http://json-schema.org/draft-04/schema#',
        properties: { n: { minimum: 1, exclusiveMinimum: true } },
      },
      { n: 1 },
      false,
    ],
  ])('with %s', async (_, params, given, isValid) => {
    const { params: spec } = await ready({ params })
    if (isValid) expect(validateParams(spec, given)).toEqual(given)
    else expect(() => validateParams(spec, given)).toThrow()
  })

  test('that the validator cannot use is an error at the start', async () => {
    const params = { type: 'object', $ref: 'https://example.com/elsewhere' }
    await expect(ready({ params })).rejects.toMatchObject({
      code: 'TASK_OPTIONS',
      message: expect.stringMatching(/"work".*Unresolved \$ref/),
    })
  })
})
