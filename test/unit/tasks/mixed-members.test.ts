import { describe, expect, test } from 'vitest'
import type { TaskDefinition } from '../../../src/tasks/definition.js'
import { gatherData } from '../../../src/tasks/mixed-members.js'
import { linesOf } from '../../support/log-lines.js'

const definition = (name: string): TaskDefinition => ({
  name,
  taskType: undefined,
  params: undefined,
  handler: () => {},
})

const gather = (value: unknown) => {
  const { logger, lines } = linesOf()
  return { gathered: gatherData(definition('work'), value, logger), lines: lines.all }
}

class Invoice {
  readonly status = 'paid'
  readonly #cents = 500
  toJSON() {
    return { status: this.status, total: this.#cents / 100 }
  }
}

describe('members beside those of a result', () => {
  test.each<[string, unknown, object]>([
    ['a status', { status: 'success', value: 5 }, { status: 'success', data: { value: 5 } }],
    ['data', { data: { rows: 2 }, total: 2 }, { data: { rows: 2, total: 2 } }],
    ['data that are null', { data: null, total: 2 }, { data: { total: 2 } }],
    [
      'an error',
      { error: { code: 'X', message: 'm' }, page: 3 },
      { error: { code: 'X', message: 'm' }, data: { page: 3 } },
    ],
    ['an error that is null', { error: null, rows: [] }, { error: null, data: { rows: [] } }],
    ['costs', { costs: { tokens: 7 }, value: 5 }, { costs: { tokens: 7 }, data: { value: 5 } }],
    [
      'everything',
      { status: 'ok', costs: { a: 1 }, metadata: { m: 1 }, data: { x: 1 }, y: 2 },
      { status: 'ok', costs: { a: 1 }, metadata: { m: 1 }, data: { x: 1, y: 2 } },
    ],
    ['the same member twice, with one value', { data: { x: [1] }, x: [1] }, { data: { x: [1] } }],
    ['a class with toJSON', new Invoice(), { status: 'paid', data: { total: 5 } }],
    ['a member named __proto__', JSON.parse('{"status":"ok","__proto__":{"x":1}}'), { status: 'ok' }],
  ])('of %s become data, and the log says so', (_, value, expected) => {
    const { gathered, lines } = gather(value)
    expect(gathered).toMatchObject(expected)
    expect(lines).toEqual([
      { level: 'warn', message: expect.stringContaining('"work"'), fields: expect.anything() },
    ])
  })

  test('a member named __proto__ is data like any other', () => {
    const { gathered } = gather(JSON.parse('{"status":"ok","__proto__":{"x":1}}'))
    expect(JSON.stringify((gathered as { data: object }).data)).toBe('{"__proto__":{"x":1}}')
  })

  test('the warning names them, once for each task', () => {
    const { logger, lines } = linesOf()
    const [one, other] = [definition('one'), definition('other')]
    for (const each of [one, one, other]) gatherData(each, { status: 'success', total: 1, unit: 'm' }, logger)
    expect(lines.all.map(({ fields }) => fields)).toEqual([
      { taskName: 'one', members: ['total', 'unit'] },
      { taskName: 'other', members: ['total', 'unit'] },
    ])
  })

  test('a member with another value in the data fails the task', () => {
    expect(() => gather({ data: { total: 1 }, total: 2 })).toThrow(
      expect.objectContaining({ code: 'PERMANENT_ERROR', message: expect.stringContaining('"total"') }),
    )
  })
})

describe('a value without such members stays as it is', () => {
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'x'],
    ['an array', [1]],
    ['own data', { width: 1 }],
    ['a result', { status: 'review', data: { x: 1 } }],
    ['members without a value', { status: 'ok', total: undefined }],
    ['own data with costs that are a number', { costs: 12.5, items: [] }],
    ['a date', new Date(0)],
    ['bytes', Buffer.from('x')],
    ['data that are a list beside others, which the judge refuses', { data: [1], total: 1 }],
  ])('%s', (_, value) => {
    const { gathered, lines } = gather(value)
    expect(gathered).toEqual(value)
    expect(lines).toEqual([])
  })
})
