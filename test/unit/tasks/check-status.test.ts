import { expect, test } from 'vitest'
import { checkStatus } from '../../../src/tasks/check-status.js'

const value = (status: string) => ({ kind: 'value' as const, status, data: { x: 1 } })

test.each(['success', 'failure', 'cancelled', 'review'])(
  'a task that declares "review" may return "%s"',
  (status) => {
    expect(checkStatus(['review'], value(status))).toEqual(value(status))
  },
)

test('a status that the task does not declare is a PERMANENT_ERROR that lists the declared ones, and keeps the data', () => {
  expect(checkStatus(['review', 'done'], value('reviewed'))).toEqual({
    kind: 'failure',
    error: {
      code: 'PERMANENT_ERROR',
      message:
        'The handler returned the status "reviewed", which the task does not declare: it declares success, failure, review, done. Add it to `statuses`',
    },
    data: { x: 1 },
  })
  expect(checkStatus([], value('review'))).toMatchObject({ kind: 'failure' })
})

test('a task without a list may return any status, and other outcomes are left alone', () => {
  expect(checkStatus(undefined, value('anything'))).toEqual(value('anything'))
  expect(checkStatus(['a'], { kind: 'cancelled' })).toEqual({ kind: 'cancelled' })
})
