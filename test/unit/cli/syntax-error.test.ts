import { describe, expect, test } from 'vitest'
import { describeFault, faultInStack, faultInTransform } from '../../../src/cli/syntax-error.js'

describe('the place of a syntax error', () => {
  test.each([
    ['/project/a b.cjs:2\nlet a = 2\n    ^\n\nSyntaxError: Identifier', '/project/a b.cjs'],
    ['file:///project/a%20b.cjs:2\nlet a = 2\n    ^\nSyntaxError: Identifier', '/project/a b.cjs'],
    [
      '/project/a b.cjs:2\nlet a = 2\n    ^\n\nSyntaxError [ERR_X]: Identifier\n    at x (y:1:1)',
      '/project/a b.cjs',
    ],
  ])('is above the stack: %j', (stack, path) => {
    expect(faultInStack(stack)).toEqual({
      path,
      line: 2,
      message: 'Identifier',
      frame: 'let a = 2\n    ^',
    })
  })

  test.each([
    'SyntaxError: x\n    at compile (node:internal)',
    'Error: x',
    '',
    '/a.js:1\nx\n^\n\nError: thrown',
  ])('is not in the stack %j', (stack) => expect(faultInStack(stack)).toBeUndefined())

  test('is in the message of esbuild', () => {
    const text = 'Transform failed with 1 error:\n/project/bad.ts:2:18: ERROR: Expected "}" but found "{"'
    expect(faultInTransform(text)).toEqual({
      path: '/project/bad.ts',
      line: 2,
      message: 'Expected "}" but found "{" (column 19)',
      frame: '',
    })
    expect(faultInTransform('Cannot find module')).toBeUndefined()
  })

  test('is shown below the current directory, or with its whole path', () => {
    const fault = { path: '/project/src/a.js', line: 2, message: 'no', frame: 'x\n^' }
    expect(describeFault('w.js', fault, '/project')).toBe(
      'Cannot load w.js: syntax error in src/a.js:2: no\nx\n^',
    )
    expect(describeFault('w.js', { ...fault, frame: '' }, '/other')).toBe(
      'Cannot load w.js: syntax error in /project/src/a.js:2: no',
    )
  })
})
