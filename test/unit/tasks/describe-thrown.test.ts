import { expect, test } from 'vitest'
import { describeThrown, loggable } from '../../../src/tasks/describe-thrown.js'

const hostile = new Proxy(
  {},
  {
    get() {
      throw new Error('no')
    },
    getPrototypeOf() {
      throw new Error('no')
    },
  },
)

const withBrokenMessage = Object.defineProperty(new Error('x'), 'message', {
  get() {
    throw new Error('no')
  },
})

test.each([
  ['an error', new Error('disk full'), 'disk full'],
  ['an error without a message', new RangeError(), 'RangeError'],
  [
    'an error whose message is no text',
    Object.assign(new Error('x'), { message: { a: 1 } }),
    '[object Object]',
  ],
  ['a frozen error', Object.freeze(new Error('cold')), 'cold'],
  ['a text', 'just words', 'just words'],
  ['null', null, 'thrown: null'],
  ['nothing', undefined, 'thrown: undefined'],
  ['a number', 7, 'thrown: 7'],
  ['an object', { code: 7 }, 'thrown: { code: 7 }'],
  ['a symbol', Symbol('s'), 'thrown: Symbol(s)'],
  ['an object that throws back', hostile, 'a value was thrown that cannot be described'],
  ['an error that throws back', withBrokenMessage, 'a value was thrown that cannot be described'],
])('%s', (_name, thrown, text) => {
  expect(describeThrown(thrown)).toBe(text)
})

test('a long text is cut', () => {
  expect(describeThrown(new Error('x'.repeat(10_000)))).toBe(`${'x'.repeat(4_000)}…`)
})

test('an error for the log is itself, or a copy that a logger can mark if it is frozen', () => {
  const cause = new Error('below')
  const error = new TypeError('above', { cause })
  expect(loggable(error)).toBe(error)
  Object.freeze(error)
  const copy = loggable(error)
  expect(copy).toMatchObject({ name: 'TypeError', message: 'above', stack: error.stack, cause })
  expect(Object.isExtensible(copy)).toBe(true)
  expect(loggable('text')).toBe('text')
})
