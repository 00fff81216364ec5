import { expect, it } from 'vitest'
import { fieldsOf, fitsForm, problemOf, startValues, withMember } from '../../../src/dev/page/schema.js'

it.each([
  ['{"n": 1}', true],
  ['{"n": 9007199254740991}', true],
  ['{"n": 9007199254740993}', false],
  ['{"n": -9007199254740993}', false],
  ['{"text": "9007199254740993"}', true],
  ['{"a \\" b 9007199254740993": 1}', true],
  ['[]', false],
  ['{', false],
])('knows whether a form can hold %s', (text, fits) => {
  expect(fitsForm(text)).toBe(fits)
})

it.each([
  ['{}', undefined],
  ['[]', 'Params must be a JSON object.'],
  ['null', 'Params must be a JSON object.'],
  ['{', expect.stringContaining('This is no JSON')],
])('tells what is wrong with the params %s', (text, problem) => {
  expect(problemOf(text)).toEqual(problem)
})

const SCHEMA = {
  type: 'object',
  properties: {
    box: { type: 'object', properties: { x: { type: 'number' } } },
    format: { enum: ['webp', 'png'] },
    list: { type: 'array' },
    ratio: { type: 'boolean', default: true },
    text: { type: 'string', maxLength: 1_000 },
    width: { type: 'integer', minimum: 16 },
  },
  required: ['format', 'width', 'list'],
}

it('shows what has to be filled in first', () => {
  const fields = fieldsOf(SCHEMA)?.map(({ name, kind }) => `${name}: ${kind}`)
  expect(fields).toEqual([
    ...['format: choice', 'width: integer', 'list: json'],
    ...['ratio: boolean', 'text: long-text', 'box: group'],
  ])
})

it('begins with the defaults, and with a value for each required member', () => {
  expect(startValues(SCHEMA)).toEqual({ format: 'webp', width: 16, list: [], ratio: true })
})

it.each([undefined, {}, { type: 'string' }])('makes no form of the schema %j', (schema) => {
  expect(fieldsOf(schema)).toBeUndefined()
})

it('takes any JSON for a schema', () => {
  const hostile = JSON.parse(
    '{"properties": {"a": null, "b": 3, "__proto__": {"type": ["x"]}, "c": {"enum": 1}}}',
  )
  expect(fieldsOf(hostile)?.map(({ kind }) => kind)).toEqual(['json', 'json', 'json', 'json'])
})

it('changes one member in its place, and removes it with undefined', () => {
  expect(JSON.stringify(withMember({ a: 1, b: 2, c: 3 }, 'b', 4))).toBe('{"a":1,"b":4,"c":3}')
  expect(withMember({ a: 1, b: 2 }, 'b', undefined)).toEqual({ a: 1 })
})
