import { expect, test } from 'vitest'
import { z } from 'zod'
import { describeSkill } from '../../../src/tasks/describe-skill.js'

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
