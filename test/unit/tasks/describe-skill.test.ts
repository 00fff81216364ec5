import { expect, test } from 'vitest'
import { z } from 'zod'
import { describeSkill } from '../../../src/tasks/describe-skill.js'
import { JsonSchemaSpec } from '../../../src/tasks/json-schema/json-schema-spec.js'

const described = (params: z.ZodType, result: z.ZodType) =>
  describeSkill({ name: 'resize', params, handler: () => ({}), described: { result } } as never)

test('§2.4.2 the schema of the params is of what the task takes: what coerces takes anything', () => {
  const { inputSchema } = described(
    z.object({ width: z.coerce.number().positive(), height: z.number(), mode: z.string().default('fit') }),
    z.object({}),
  )
  expect(inputSchema).toMatchObject({
    properties: { width: true, height: { type: 'number' }, mode: { type: 'string', default: 'fit' } },
    required: ['width', 'height'],
  })
})

test('§2.4.2 what a task gives has the type that it was coerced to', () => {
  const { outputSchema } = described(z.object({}), z.object({ width: z.coerce.number() }))
  expect(outputSchema).toMatchObject({ properties: { width: { type: 'number' } } })
})

test('§2.4.2 no schema has an empty object in it', () => {
  const params = z.object({
    any: z.unknown(),
    deep: z.object({}),
    list: z.array(z.any()),
    none: z.record(z.string(), z.string()).default({}),
  })
  const { inputSchema } = described(params, z.object({}))
  expect(JSON.stringify(inputSchema)).not.toContain('{}')
  expect(inputSchema).toMatchObject({
    properties: { any: true, deep: { type: 'object' }, list: { type: 'array', items: true } },
  })
})

test.each<[string, z.ZodType, unknown, unknown[]]>([
  ['z.coerce', z.coerce.number().int().min(1), true, ['5', 5]],
  ['z.preprocess', z.preprocess(Number, z.number()), true, ['5']],
  ['catch', z.number().catch(5), true, ['x', undefined]],
  ['a transform', z.string().transform(Number), { type: 'string' }, ['5']],
  ['a pipe', z.string().transform(Number).pipe(z.number().int()), { type: 'string' }, ['5']],
  ['trim', z.string().trim().max(3), { type: 'string' }, ['  abc  ']],
  [
    'toLowerCase',
    z
      .string()
      .toLowerCase()
      .regex(/^[a-z]+$/),
    { type: 'string' },
    ['ABC'],
  ],
  ['overwrite', z.number().overwrite(Math.round).int(), { type: 'number' }, [1.5]],
  ['a default', z.number().default(5), { type: 'number', default: 5 }, [5, undefined]],
  ['a list', z.array(z.coerce.number()).max(2), { type: 'array', items: true, maxItems: 2 }, [['5']]],
  ['a limit without a change', z.string().max(3), { type: 'string', maxLength: 3 }, ['abc']],
  ['a codec', z.stringbool(), { type: 'string' }, ['yes']],
])('§2.4.2 %s publishes what the worker takes', async (_, member, published, taken) => {
  const { inputSchema } = described(z.object({ n: member }), z.object({}))
  expect(inputSchema).toMatchObject({ properties: { n: published } })
  const spec = new JsonSchemaSpec(inputSchema as never)
  await spec.prepare('resize')
  for (const n of taken) {
    const params = n === undefined ? {} : { n }
    expect([member['~standard'].validate(n), spec['~standard'].validate(params)]).toEqual([
      expect.not.objectContaining({ issues: expect.anything() }),
      { value: params },
    ])
  }
})

test('§2.4.2 a schema that JSON Schema cannot express is not published', () => {
  expect(described(z.object({ at: z.coerce.date() }), z.object({}))).not.toHaveProperty('inputSchema')
})

test('§2.4.2 a member that must be there is required', () => {
  const params = z.object({ a: z.string(), b: z.coerce.number(), c: z.string().catch('x') })
  expect(described(params, z.object({})).inputSchema?.['required']).toEqual(['a', 'b'])
})
