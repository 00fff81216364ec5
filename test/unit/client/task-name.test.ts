import { expect, test } from 'vitest'
import { taskNameOf } from '../../../src/client/task-name.js'

const one = (initialData: unknown) => ({ blueprint_name: 'one_task', initial_data: initialData })

test.each([
  [one({ type: 'resize' }), 'resize'],
  [one({ skill: 'resize' }), 'resize'],
  [one({ type: 5 }), undefined],
  [one({}), undefined],
  [one(null), undefined],
  [one(['resize']), undefined],
  // The initial data of other blueprints are theirs.
  [{ blueprint_name: 'orders', initial_data: { type: 'invoice' } }, undefined],
  [{ initial_data: { type: 'invoice' } }, undefined],
  [{ blueprint_name: 'orders', error_message: "No suitable workers for task type 'resize'" }, 'resize'],
  [
    {
      blueprint_name: 'orders',
      initial_data: { type: 'invoice' },
      error_message: "RuntimeError: No suitable workers for task type 'resize' (data missing)",
    },
    'resize',
  ],
  [{ blueprint_name: 'orders', error_message: 'no' }, undefined],
])('the task of a job %j is %s', (job, name) => {
  expect(taskNameOf(job)).toBe(name)
})
