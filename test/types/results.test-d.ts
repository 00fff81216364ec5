import {
  type HandlerReturn,
  type JsonSchema,
  type RawParams,
  type TaskOptions,
  Worker,
} from 'avtomatika-worker'
import { z } from 'zod'

/** Compiled by `npm run types`, never run: the compiler refuses results that JSON cannot represent. */

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Same<A, B>): void => {}

const worker = new Worker()

interface Report {
  readonly rows: number
  readonly children?: readonly Report[]
}
declare const report: Report
declare const row: { readonly id: number; readonly status: string }
declare const record: Record<string, unknown>

class Money {
  readonly #cents = 5
  toJSON() {
    return { cents: this.#cents }
  }
}
class Point {
  readonly x = 1
}
class Order {
  readonly status = 'paid'
  readonly total = 5
}

// What JSON can represent.
worker.task('nothing', () => {})
worker.task('maybe', (params) => (params['x'] ? { x: 1 } : undefined))
worker.task('literal', () => ({ width: 1, tags: ['a'], nested: { deep: [{ x: null }] } }))
worker.task('interface', () => report)
worker.task('interface in data', async () => ({ data: report }))
worker.task('class', () => new Point())
worker.task('class with toJSON', () => ({ price: new Money() }))
worker.task('toJSON itself', () => new Money())
worker.task('date in data', () => ({ at: new Date() }))
worker.task('two kinds', (params) => (params['x'] ? { status: 'review', data: { x: 1 } } : { width: 2 }))
worker.task('record', () => record)
worker.task('unknown', () => JSON.parse('{}') as unknown)
worker.task('any', () => JSON.parse('{}'))
worker.task('never', () => {
  throw new Error('always')
})
worker.task('failure', () => ({ status: 'failure', error: { code: 'X', message: 'no' } }))
worker.task('bigints', { bigints: true }, () => ({ id: 5n }))
declare const options: TaskOptions
worker.task('options', options, () => ({ x: 1 }))

// What it cannot.
// @ts-expect-error: the other member would not be where the author expects it
worker.task('mixed', () => ({ status: 'success', value: 5 }))
// @ts-expect-error: the same, in a promise
worker.task('mixed later', async () => ({ data: { rows: 2 }, total: 2 }))
// @ts-expect-error: the same, with a type of its own
worker.task('mixed row', () => row)
// @ts-expect-error: the same, of a class
worker.task('mixed class', () => new Order())
// @ts-expect-error: an error beside others
worker.task('mixed error', () => ({ error: null, rows: 2 }))
// @ts-expect-error: a status is a text
worker.task('number as status', () => ({ status: 200 }))
// @ts-expect-error: an array cannot be merged
worker.task('array', () => [1])
// @ts-expect-error: an array cannot be merged
worker.task('array as data', () => ({ data: [1] }))
// @ts-expect-error: a date is a text in JSON
worker.task('date', () => new Date())
// @ts-expect-error: a function is no JSON
worker.task('function', () => () => {})
// @ts-expect-error: a function is no JSON
worker.task('function inside', () => ({ data: { f: () => 1 } }))
// @ts-expect-error: a bigint needs `bigints: true`
worker.task('bigint', () => 5n)
// @ts-expect-error: a bigint needs `bigints: true`
worker.task('bigint inside', () => ({ list: [{ id: 5n }] }))
// @ts-expect-error: a Map is no JSON
worker.task('map', () => new Map<string, number>())
// @ts-expect-error: a Map is no JSON
worker.task('map inside', async () => ({ data: { m: new Map<string, number>() } }))
// @ts-expect-error: a Set is no JSON
worker.task('set inside', () => ({ s: new Set([1]) }))
// @ts-expect-error: a missing await
worker.task('promise inside', () => ({ data: { p: Promise.resolve(1) } }))
// @ts-expect-error: a missing await
worker.task('promise as data', () => ({ data: Promise.resolve({ x: 1 }) }))
// @ts-expect-error: bytes are no JSON
worker.task('buffer inside', () => ({ bytes: Buffer.from('x') }))
// @ts-expect-error: bytes are no JSON
worker.task('typed array', () => ({ data: { bytes: new Uint8Array(1) } }))
// @ts-expect-error: the same with options
worker.task('options', { params: z.object({ x: z.number() }) }, ({ x }) => ({ status: 'success', x }))

/** The type without a check of its members. */
const accepted: HandlerReturn[] = [
  undefined,
  null,
  {},
  { width: 1 },
  report,
  new Point(),
  new Money(),
  { data: report },
]
void accepted
// @ts-expect-error: other members beside the status
const mixed: HandlerReturn = { status: 'success', value: 5 }
void mixed
// @ts-expect-error: an array
const array: HandlerReturn = [1]
void array
// @ts-expect-error: a date
const date: HandlerReturn = new Date()
void date
// @ts-expect-error: a Map
const map: HandlerReturn = new Map()
void map
// @ts-expect-error: a function
const call: HandlerReturn = () => {}
void call
// @ts-expect-error: a bigint
const big: HandlerReturn = 5n
void big
// @ts-expect-error: a promise
const promise: HandlerReturn = Promise.resolve({})
void promise

// Plain JSON Schemas.
const schema: JsonSchema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] }
const widened = { type: 'object', properties: { n: { type: 'integer' } } }
worker.task('json schema', { params: schema, result: widened, events: { found: schema } }, (params) => {
  same<typeof params, RawParams>(true)
  return { n: params['n'] }
})
worker.task('coerced', { params: z.object({ n: z.coerce.number() }), result: widened }, ({ n }) => {
  same<typeof n, number>(true)
  return { n }
})
// @ts-expect-error: no keyword of JSON Schema
worker.task('no schema', { result: { width: 'number' } }, () => {})

worker.emit('model_loaded', { model: 'm' }, { priority: 5, metadata: { a: 1 } })
// @ts-expect-error: a priority is a number
worker.emit('model_loaded', {}, { priority: 'high' })
// @ts-expect-error: no such event
worker.on('finished', () => {})
