import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scanJson } from '../../../src/protocol/scan-json.js'

const IDS = ['job_id', 'task_id', 'type']
const ids = (text: string) => Object.fromEntries(scanJson(text, IDS).texts)
const excess = (text: string) => scanJson(text, IDS).excess

test('the texts of the outermost object are found, whatever else is in it', () => {
  const members = fc.record({
    job_id: fc.string(),
    task_id: fc.string(),
    type: fc.string(),
    params: fc.jsonValue(),
  })
  fc.assert(
    fc.property(members, fc.constantFrom(undefined, 2), (value, space) => {
      const { params: _, ...texts } = value
      expect(ids(JSON.stringify(value, null, space))).toEqual(texts)
    }),
  )
})

test('any text is scanned, whether it is JSON or not', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('{', '}', '[', '"', '\\', ':', ',', ' ', 'a') }),
      (text) => {
        expect(scanJson(text, ['a'])).toMatchObject({ excess: undefined })
      },
    ),
  )
})

describe('the ids', () => {
  test.each([
    ['of an inner object do not count', '{"params":{"job_id":"x"}}', {}],
    ['in a text do not count', '{"note":"\\"job_id\\":\\"x\\""}', {}],
    ['are read after params that are cut off', '{"job_id":"j","params":{"a":[1,2,"x', { job_id: 'j' }],
    ['that are cut off do not count', '{"task_id":"t","job_id":"j', { task_id: 't' }],
    ['that are no texts do not count', '{"job_id":5,"task_id":null,"type":["x"]}', {}],
    ['may have escapes', '{"job_id":"\\u0041\\n"}', { job_id: 'A\n' }],
    ['with wrong escapes do not count', '{"job_id":"\\x"}', {}],
  ])('%s', (_, text, expected) => {
    expect(ids(text)).toEqual(expected)
  })

  test('of more than 1,024 characters do not count', () => {
    expect(ids(`{"job_id":"${'j'.repeat(1_100)}"}`)).toEqual({})
    expect(ids(`{"job_id":"${'j'.repeat(1_000)}"}`)).toEqual({ job_id: 'j'.repeat(1_000) })
  })
})

describe('a text has too much', () => {
  test('if it has more than 500 levels', () => {
    expect(excess('['.repeat(500) + ']'.repeat(500))).toBeUndefined()
    expect(excess('['.repeat(501) + ']'.repeat(501))).toBe('more than 500 levels')
    expect(excess('[]'.repeat(501))).toBeUndefined()
  })

  test('if it has a million values, where an array or an object counts as five', () => {
    const list = (item: string, count: number) => `[${Array(count).fill(item).join()}]`
    expect(excess(list('1', 999_990))).toBeUndefined()
    expect(excess(list('1', 1_000_001))).toBe('too many values')
    expect(excess(list('{}', 160_000))).toBeUndefined()
    expect(excess(list('[]', 170_000))).toBe('too many values')
  })

  test('if its members have more than 20,000 names; the same names again cost nothing', () => {
    const named = (count: number, name: (index: number) => string) =>
      `{"a":{${Array.from({ length: count }, (_, index) => `"${name(index)}":1`).join()}}}`
    expect(excess(named(18_000, (index) => `k${index}`))).toBeUndefined()
    expect(excess(named(24_000, (index) => `k${index}`))).toBe('more than 20000 different names of members')
    expect(excess(named(200_000, (index) => `k${index % 100}`))).toBeUndefined()
  })

  test('and the ids are read all the same', () => {
    const text = `{"job_id":"j","task_id":"t","type":"x","params":{"a":[${'{},'.repeat(300_000)}{}]}}`
    const { texts, excess: why } = scanJson(text, IDS)
    expect([Object.fromEntries(texts), why]).toEqual([
      { job_id: 'j', task_id: 't', type: 'x' },
      'too many values',
    ])
  })
})
