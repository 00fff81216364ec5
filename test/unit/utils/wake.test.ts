import { expect, test } from 'vitest'
import { Wake } from '../../../src/utils/wake.js'

test('a trigger calls every listener, in the order in which they were added', () => {
  const wake = new Wake()
  const called: string[] = []
  wake.trigger()
  wake.listen(() => called.push('first'))
  wake.listen(() => called.push('second'))
  wake.trigger()
  wake.trigger()
  expect(called).toEqual(['first', 'second', 'first', 'second'])
})
