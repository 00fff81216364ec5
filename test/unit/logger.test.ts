import { describe, expect, test } from 'vitest'
import { createLogger } from '../../src/logger.js'

const output = (isTTY: boolean, colors = false) => {
  const texts: string[] = []
  return { texts, isTTY, hasColors: () => colors, write: (text: string) => texts.push(text) }
}

describe('the default logger', () => {
  test.each([
    ['auto', true],
    ['pretty', true],
    ['pretty', false],
  ] as const)('with LOG_FORMAT=%s and a terminal: %s writes readable lines', (format, isTTY) => {
    const out = output(isTTY)
    createLogger('info', format, out)
      .child({ taskId: 't1' })
      .error({ err: new Error('a bug') }, 'Task failed')
    expect(out.texts.join('')).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} ERROR Task failed taskId=t1\n {4}Error: a bug\n {8}at .*logger\.test\.ts/,
    )
  })

  test('writes no line below its level', () => {
    const out = output(true)
    createLogger('warn', 'auto', out).info({}, 'hidden')
    expect(out.texts).toEqual([])
  })

  test('uses colors only on a terminal that has them', () => {
    const [colored, plain, pipe] = [output(true, true), output(true), output(false, true)]
    for (const out of [colored, plain, pipe]) createLogger('info', 'pretty', out).info({}, 'hello')
    expect([colored, plain, pipe].map(({ texts }) => texts.join('').includes('\u001b'))).toEqual([
      true,
      false,
      false,
    ])
  })

  test.each(['json', 'auto'] as const)(
    'with LOG_FORMAT=%s writes JSON where there is no terminal',
    (format) => {
      const out = output(false)
      const written: string[] = []
      createLogger('info', format, { ...out, write: (text: string) => written.push(text) }).error(
        { err: Object.assign(new Error('a bug'), { request: { authorization: 'x' } }) },
        'Task failed',
      )
      const record = JSON.parse(written.join(''))
      expect(record).toMatchObject({
        level: 50,
        msg: 'Task failed',
        err: { type: 'Error', message: 'a bug' },
      })
      expect(record.err).not.toHaveProperty('request')
    },
  )
})
