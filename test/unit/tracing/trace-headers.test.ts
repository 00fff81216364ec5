import { describe, expect, test } from 'vitest'
import { errorType } from '../../../src/tracing/attributes.js'
import { traceHeaders } from '../../../src/tracing/trace-headers.js'

describe('headers of a trace', () => {
  test.each([
    ['W3C', { traceparent: '00-a-b-01', tracestate: 'v=1,w=2', baggage: 'a=b;c' }],
    ['B3', { b3: '1', 'x-b3-traceid': '2' }],
    ['of others', { 'uber-trace-id': '1:2:3:1', 'x-amzn-trace-id': 'Root=1-2;Sampled=1' }],
  ])('%s go along', (_, carrier) => {
    expect(traceHeaders(carrier)).toEqual(carrier)
  })

  test('have lower-case names', () => {
    expect(traceHeaders({ Traceparent: '1' })).toEqual({ traceparent: '1' })
  })

  test.each([
    ['X-Worker-Token', 'x'],
    ['x-worker-id', 'x'],
    ['Content-Length', '0'],
    ['transfer-encoding', 'chunked'],
    ['host', 'x'],
    ['connection', 'close'],
    ['authorization', 'x'],
    ['proxy-authorization', 'x'],
    ['expect', '100-continue'],
  ])('are not %s, which belongs to the request', (name, value) => {
    expect(traceHeaders({ [name]: value })).toEqual({})
  })

  test.each([
    ['a number', 7],
    ['an object', {}],
    ['empty', ''],
    ['a line break', 'a\r\nb: c'],
    ['a letter that no header has', 'ä'],
    ['a space at its end', 'a '],
    ['too long', 'a'.repeat(8_193)],
  ])('have no value that is %s', (_, value) => {
    expect(traceHeaders({ traceparent: value })).toEqual({})
  })

  test.each(['', 'a b', 'a:b', 'a\nb', 'ä', 'n'.repeat(65)])('have no name such as "%s"', (name) => {
    expect(traceHeaders({ [name]: 'x' })).toEqual({})
  })

  test('fit into a request together', () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`h${n}`, 'x'.repeat(100)]))
    const sent = Object.entries(traceHeaders(many)).flat().join('').length
    expect(sent).toBeGreaterThan(12_000)
    expect(sent).toBeLessThanOrEqual(12_288)
  })
})

test.each([
  [Object.assign(new Error('x'), { status: 503, code: 'RESPONSE' }), '503'],
  [Object.assign(new Error('x'), { code: 'UNREACHABLE' }), 'UNREACHABLE'],
  [new TypeError('x'), 'TypeError'],
  ['thrown', '_OTHER'],
  [undefined, '_OTHER'],
  [{}, '_OTHER'],
])('the type of an error is its status, code or name', (error, type) => {
  expect(errorType(error)).toBe(type)
})
