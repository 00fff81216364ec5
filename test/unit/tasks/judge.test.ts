import { describe, expect, test } from 'vitest'
import {
  InvalidInputError,
  PermanentError,
  ShutdownError,
  TaskCancelledError,
  TransientError,
} from '../../../src/errors.js'
import {
  invalidInputFailure,
  judgeError,
  judgeValue,
  permanentFailure,
  transientFailure,
} from '../../../src/tasks/judge.js'

const success = (data?: object) => ({ kind: 'value', status: 'success', ...(data && { data }) })
const failure = (code: string, message: unknown, data?: object) => ({
  kind: 'failure',
  error: { code, message },
  ...(data && { data }),
})

describe('a return value', () => {
  test.each([
    ['nothing', undefined, success()],
    ['null', null, success()],
    ['an empty object', {}, success({})],
    ['an object that is the data', { width: 1 }, success({ width: 1 })],
    ['data without a status', { data: { width: 1 } }, success({ width: 1 })],
    ['data that is null', { data: null }, success()],
    ['a status that is null', { status: null, data: { x: 1 } }, success({ x: 1 })],
    ['a status', { status: 'success' }, success()],
    ['a custom status', { status: 'review', data: { x: 1 } }, { ...success({ x: 1 }), status: 'review' }],
    ['more than the three keys', { status: 'review', extra: 1 }, { kind: 'value', status: 'review' }],
    ['cancelled', { status: 'cancelled' }, { kind: 'cancelled' }],
    [
      'an instance of a class',
      new (class Shape {
        sides = 3
      })(),
      success({ sides: 3 }),
    ],
  ])('%s', (_name, value, outcome) => {
    expect(judgeValue(value)).toEqual(outcome)
  })
})

describe('a returned failure', () => {
  const failed = (error?: unknown, more: object = {}) => ({ status: 'failure', error, ...more })

  test.each([
    ['with code and message', failed({ code: 'PERMANENT_ERROR', message: 'bad' }), 'PERMANENT_ERROR', 'bad'],
    ['with a custom code', failed({ code: 'OUT_OF_PAPER', message: 'bad' }), 'OUT_OF_PAPER', 'bad'],
    ['without a code', failed({ message: 'bad' }), 'TRANSIENT_ERROR', 'bad'],
    ['with a text', failed('bad'), 'TRANSIENT_ERROR', 'bad'],
    ['without a message', failed({ code: 'X' }), 'X', 'The handler reported a failure without a message'],
    ['without an error', failed(), 'TRANSIENT_ERROR', 'The handler reported a failure without an error'],
    ['that has only an error', { error: { code: 'X', message: 'bad' } }, 'X', 'bad'],
    ['transientFailure()', transientFailure('t'), 'TRANSIENT_ERROR', 't'],
    ['permanentFailure()', permanentFailure('p'), 'PERMANENT_ERROR', 'p'],
    ['invalidInputFailure()', invalidInputFailure('i'), 'INVALID_INPUT_ERROR', 'i'],
  ])('%s', (_name, value, code, message) => {
    expect(judgeValue(value)).toEqual(failure(code, message))
  })

  test('keeps its data', () => {
    expect(judgeValue(failed({ code: 'X', message: 'bad' }, { data: { page: 3 } }))).toEqual(
      failure('X', 'bad', { page: 3 }),
    )
  })
})

describe('a return value of a wrong shape', () => {
  test.each([
    ['a number', 7, 'The handler returned a number'],
    ['a text', 'done', 'The handler returned a string'],
    ['a BigInt', 7n, 'The handler returned a bigint'],
    ['a function', () => {}, 'The handler returned a function'],
    ['an array', [1], 'The handler returned an array'],
    ['a Map', new Map(), "The handler's result cannot be sent: data is a Map"],
    ['an array as data', { data: [1] }, 'The handler returned data that is an array'],
    ['a text as data', { data: 'x' }, 'The handler returned data that is a string'],
    ['a date as data', { data: new Date(0) }, 'The handler returned data that is a string'],
    [
      'a BigInt in the data',
      { data: { n: [5n] } },
      "The handler's result cannot be sent: data.n[0] is a bigint",
    ],
    ['a BigInt in an object that is the data', { n: 5n }, 'data.n is a bigint'],
    ['data with a function', { data: { f() {} } }, 'data.f is a function'],
    ['an empty status', { status: '' }, 'The handler returned the status : return a non-empty string'],
    ['a status that is no text', { status: 7 }, 'The handler returned the status thrown: 7'],
  ])('%s is a PERMANENT_ERROR', (_name, value, message) => {
    expect(judgeValue(value)).toEqual(failure('PERMANENT_ERROR', expect.stringContaining(message)))
  })

  test.each([
    [
      'status',
      {
        get status() {
          throw new Error('no')
        },
      },
    ],
    [
      'data',
      {
        data: {
          get x() {
            throw new Error('no')
          },
        },
      },
    ],
    [
      'toJSON',
      {
        data: {
          toJSON() {
            throw new Error('no')
          },
        },
      },
    ],
  ])('a %s getter or method that throws fails only the task', (_name, value) => {
    expect(judgeValue(value)).toEqual(failure('TRANSIENT_ERROR', 'no'))
  })
})

describe('§1.5.5 a thrown value', () => {
  test.each([
    ['TransientError', new TransientError('t'), 'TRANSIENT_ERROR', 't'],
    ['PermanentError', new PermanentError('p'), 'PERMANENT_ERROR', 'p'],
    ['InvalidInputError', new InvalidInputError('i'), 'INVALID_INPUT_ERROR', 'i'],
    ['ShutdownError', new ShutdownError(), 'TRANSIENT_ERROR', 'The worker is shutting down'],
    ['any error', new TypeError('x is not a function'), 'TRANSIENT_ERROR', 'x is not a function'],
    [
      'an error with a code of its own',
      Object.assign(new Error('e'), { code: 'ENOENT' }),
      'TRANSIENT_ERROR',
      'e',
    ],
    ['a text', 'words', 'TRANSIENT_ERROR', 'words'],
    ['null', null, 'TRANSIENT_ERROR', 'thrown: null'],
  ])('%s', (_name, thrown, code, message) => {
    expect(judgeError(thrown)).toEqual(failure(code, message))
  })

  test('a cancellation is no failure', () => {
    expect(judgeError(new TaskCancelledError())).toEqual({ kind: 'cancelled' })
  })
})
