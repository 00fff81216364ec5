import { expect, test } from 'vitest'
import { isDiskFull } from '../../../src/utils/disk-full.js'

const withCode = (code: string, cause?: unknown) => Object.assign(new Error(code, { cause }), { code })
const nested = (levels: number): Error => {
  let error: Error = withCode('ENOSPC')
  for (let level = 0; level < levels; level++) error = new Error('outer', { cause: error })
  return error
}
const endless = new Error('endless')
endless.cause = endless
const throwing = Object.defineProperty(new Error('x'), 'code', {
  get() {
    throw new Error('no')
  },
})

test.each<[string, unknown, boolean]>([
  ['no space left', withCode('ENOSPC'), true],
  ['a disk quota that is used up', withCode('EDQUOT'), true],
  ['a cause', nested(3), true],
  ['the tenth error of a chain', nested(9), true],
  ['the eleventh error of a chain', nested(10), false],
  ['another code', withCode('ENOENT'), false],
  ['an error that is its own cause', endless, false],
  ['a getter that throws', throwing, false],
  ['no error', { code: 'ENOSPC' }, false],
  ['nothing', undefined, false],
])('%s', (_, thrown, full) => {
  expect(isDiskFull(thrown)).toBe(full)
})
