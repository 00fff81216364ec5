import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { definitionFrom } from '../../../src/tasks/register.js'

const handler = () => {}
const registering = (...rest: unknown[]) => {
  return () => definitionFrom('resize', rest)
}

class Size {}

describe('the handler of a task', () => {
  test.each<[string, unknown[], RegExp]>([
    ['missing', [], /"resize".*its handler is missing/],
    ['missing after the options', [{ taskType: 'gpu' }], /its handler is missing/],
    ['undefined', [undefined], /its handler is missing/],
    ['a number', [{}, 5], /its handler is a value of type number/],
    ['null', [{}, null], /its handler is null/],
    ['a list', [{}, [handler]], /its handler is an array/],
    ['a class', [Size], /its handler is a class/],
    ['before the options', [handler, {}], /its handler is a value of type object/],
  ])('must not be %s', (_, rest, message) => {
    expect(registering(...rest)).toThrow(expect.objectContaining({ code: 'TASK_HANDLER' }))
    expect(registering(...rest)).toThrow(message)
  })

  test.each([[[handler]], [[{}, handler]], [[undefined, async () => {}]]])('may be given as %o', (rest) => {
    expect(registering(...rest)()).toMatchObject({ name: 'resize', handler: expect.any(Function) })
  })
})

describe('an option of a task', () => {
  test.each<[string, unknown, RegExp]>([
    ['tasktype', 'gpu', /unknown option "tasktype": did you mean "taskType"\?/],
    ['task_type', 'gpu', /unknown option "task_type": did you mean "taskType"\?/],
    ['input_schema', {}, /unknown option "input_schema": did you mean "params"\?/],
    ['output_schema', {}, /did you mean "result"\?/],
    ['retries', 3, /unknown option "retries": known are taskType, params, /],
    ['constructor', 3, /unknown option "constructor": known are /],
    ['taskType', 5, /taskType: expected a text/],
    ['description', {}, /description: expected a text/],
    ['version', 1.2, /version: expected a text/],
    ['bigints', 'yes', /bigints: expected true or false/],
    ['statuses', 'review', /statuses: expected a list of texts/],
    ['statuses', ['review', ''], /statuses: expected a list of texts/],
    ['params', { width: 'number' }, /params: expected .*It is no JSON Schema: it has no keyword/],
    ['params', 'number', /params: expected a Standard Schema/],
    ['params', (params: unknown) => params, /params: expected .*a class/],
    ['params', [z.object({})], /params: expected/],
    ['params', { type: 'string' }, /its type is "string", but the value is always an object/],
    ['params', { type: 'objekt' }, /type is none of object, array/],
    ['params', { type: 'object', propertis: {} }, /propertis: did you mean "properties"\?/],
    ['params', { properties: { width: 'number' } }, /properties\.width is no schema/],
    ['params', { properties: { w: { type: 'int' } } }, /properties\.w\.type is none of/],
    ['params', { type: 'object', required: 'width' }, /required is no list of names/],
    ['params', { $ref: '#/$defs/size', $defs: { sise: {} } }, /\$ref leads nowhere: #\/\$defs\/size/],
    ['params', { properties: { a: { pattern: '(' } } }, /properties\.a\.pattern is no regular expression/],
    ['params', { properties: { a: { items: [5] } } }, /properties\.a\.items\[0\] is no schema/],
    ['params', { allOf: {} }, /allOf is no list of schemas/],
    ['params', { properties: { a: { minimum: '1' } } }, /properties\.a\.minimum is no number/],
    ['result', 7, /result: expected a Standard Schema/],
    ['result', Size, /result: expected/],
    ['events', z.object({}), /events: expected an object with a schema for each event name/],
    ['events', { found: 5 }, /events: expected .*\(event "found"\)/],
  ])('is checked: %s', (option, value, message) => {
    expect(registering({ [option]: value }, handler)).toThrow(
      expect.objectContaining({ code: 'TASK_OPTIONS', message: expect.stringMatching(message) }),
    )
  })

  test('each problem is listed', () => {
    expect(registering({ tasktype: 'gpu', bigints: 1 }, handler)).toThrow(
      /^Task "resize" cannot be registered:\n.*tasktype.*\n.*bigints/,
    )
  })

  test.each<[string, object]>([
    ['zod', { params: z.object({}), result: z.object({}), events: { a: z.object({}) } }],
    ['valibot', { params: v.object({}) }],
    ['arktype, which are functions', { params: type({ width: 'number' }), result: type({ x: 'number' }) }],
    ['a class', { params: Size }],
    ['undefined', { params: undefined, taskType: undefined }],
    [
      'JSON Schemas with all that they may have',
      {
        params: {
          $schema: 'http://json-schema.org/draft-07/schema#',
          $id: 'https://example.com/size',
          title: 'Size',
          type: ['object', 'null'],
          'x-ui': 5,
          example: {},
          properties: { type: { $ref: '#/definitions/text' }, tuple: { items: [true, { type: 'null' }] } },
          definitions: { text: { type: 'string', pattern: '^a', nullable: true } },
          additionalProperties: false,
          oneOf: [{ required: ['type'] }, { exclusiveMinimum: true }],
        },
        result: {},
      },
    ],
  ])('may be %s', (_, options) => {
    expect(registering(options, handler)()).toMatchObject({ name: 'resize' })
  })
})
