import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { directoryNameOf } from '../../../../src/tasks/files/directory-name.js'

describe('the directory name of a task id', () => {
  it.each([
    ['5c1e9a0e-6c1b-4f0e-9a55-0f8f6b3f0a11', '5c1e9a0e-6c1b-4f0e-9a55-0f8f6b3f0a11'],
    ['job.1_a', 'job.1_a'],
    ['..', '%2E.'],
    ['.', '%2E'],
    ['.avtomatika-worker', '%2Eavtomatika-worker'],
    ['../../etc', '%2E.%2F..%2Fetc'],
    ['a/b\\c', 'a%2Fb%5Cc'],
    ['a\0', 'a%00'],
    ['100%', '100%25'],
    ['ü 🎨', '%C3%BC%20%F0%9F%8E%A8'],
    ['', '%'],
  ])('%j is %s', (taskId, name) => {
    expect(directoryNameOf(taskId)).toBe(name)
  })

  const ids = fc.string({ unit: 'binary', maxLength: 400 })

  it('is one plain segment, whatever the id', () => {
    fc.assert(
      fc.property(ids, (taskId) => {
        expect(directoryNameOf(taskId)).toMatch(/^[\w%-][\w.%~-]{0,149}$/)
      }),
    )
  })

  it('is another one for another id', () => {
    fc.assert(
      fc.property(ids, ids, (one, other) => {
        fc.pre(one !== other)
        expect(directoryNameOf(one)).not.toBe(directoryNameOf(other))
      }),
    )
    expect(directoryNameOf('\ud800')).not.toBe(directoryNameOf('\ud801'))
    expect(directoryNameOf(`${'x'.repeat(300)}1`)).not.toBe(directoryNameOf(`${'x'.repeat(300)}2`))
  })
})
