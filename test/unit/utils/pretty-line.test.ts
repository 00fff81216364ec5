import { describe, expect, test } from 'vitest'
import { prettyLine } from '../../../src/utils/pretty-line.js'

const line = (record: object, hasColors = false) => prettyLine(`${JSON.stringify(record)}\n`, hasColors)
const TIME = new Date(2026, 0, 2, 3, 4, 5, 6).getTime()

describe('a line for people', () => {
  test('has the time, the level, the message and the fields', () => {
    expect(
      line({ level: 30, time: TIME, taskId: 't1', note: 'two words', list: [1], msg: 'Task ended' }),
    ).toBe('03:04:05.006 INFO  Task ended taskId=t1 note="two words" list=[1]\n')
  })

  test('has the stack of an error below, and those of an AggregateError', () => {
    const err = { message: 'm', stack: 'Error: m\n    at f (a.js:1:1)', errors: [{ stack: 'Error: inner' }] }
    expect(line({ level: 50, time: TIME, err, msg: 'failed' })).toBe(
      '03:04:05.006 ERROR failed\n    Error: m\n        at f (a.js:1:1)\n      Error: inner\n',
    )
    expect(line({ level: 40, time: TIME, err: 'just so', msg: 'failed' })).toBe(
      '03:04:05.006 WARN  failed\n    just so\n',
    )
  })

  test('has the place that explains an error of the package below its stack', () => {
    const err = { stack: 'StateError: m', help: 'avtomatika-worker/docs/reference/errors.md#state' }
    expect(line({ level: 50, time: TIME, err, msg: 'failed' })).toBe(
      '03:04:05.006 ERROR failed\n    StateError: m\n    Help: avtomatika-worker/docs/reference/errors.md#state\n',
    )
  })

  test('has colors where the terminal shows them', () => {
    expect(line({ level: 50, time: TIME, msg: 'failed' }, true)).toContain('\u001b[31mERROR\u001b[0m')
    expect(line({ level: 50, time: TIME, msg: 'failed' })).not.toContain('\u001b')
  })

  test('has no control characters of others, which a terminal would obey', () => {
    const text = 'a\u001b[2Jb\nc\u009bd'
    const pretty = line({ level: 30, time: TIME, msg: text, field: text, err: { stack: text } })
    expect(pretty).not.toMatch(/(?!\n)\p{Cc}/u)
    expect(pretty.trimEnd().split('\n')).toHaveLength(3)
  })

  test.each(['no JSON at all', '5\n', '[]\n'])('is the text itself if that is no record: %j', (text) => {
    expect(prettyLine(text, false)).toBe(text)
  })

  test('without a time and with an unknown level is still a line', () => {
    expect(line({ level: 35, msg: 'x' })).toBe('--:--:--.--- LOG   x\n')
  })
})
