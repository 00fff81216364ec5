import { describe, expect, test } from 'vitest'
import type { Settlement } from '../../../src/delivery/delivery.js'
import { RepeatedOffers } from '../../../src/execution/repeated-offers.js'
import type { Outcome, TaskOffer } from '../../../src/protocol/messages.js'

const offerOf = (taskId: string, more: Partial<TaskOffer> = {}): TaskOffer => ({
  jobId: 'j1',
  taskId,
  taskName: 'resize',
  params: { width: 1 },
  priority: 0,
  tracingContext: {},
  step: 1,
  ...more,
})
const SUCCESS: Outcome = { kind: 'value', status: 'success', data: { width: 1 } }
const REFUSED: Settlement = { kind: 'refused', error: new Error('422'), isKept: true }

const setUp = (outcome: Outcome = SUCCESS) => {
  const repeats = new RepeatedOffers<{ readonly offer: TaskOffer }>()
  const task = { offer: offerOf('task-1') }
  repeats.began(task)
  return { repeats, task, end: () => repeats.ended(task, outcome) }
}

test('a task that runs is found under another id', () => {
  const { repeats, task } = setUp()
  expect(repeats.take(offerOf('task-2'))?.task).toBe(task)
})

test('a success that is not answered yet is found, and belongs to the newest id then', () => {
  const { repeats, end } = setUp()
  end()
  expect(repeats.take(offerOf('task-2'))?.outcome).toBe(SUCCESS)
  expect(repeats.take(offerOf('task-3'))?.offer.taskId).toBe('task-2')
})

test('a failure is not found: the work is to be done again', () => {
  const { repeats, end } = setUp({ kind: 'failure', error: { code: 'TRANSIENT_ERROR', message: 'no' } })
  end()
  expect(repeats.take(offerOf('task-2'))).toBeUndefined()
})

describe('a success is forgotten when the orchestrator', () => {
  test.each<[string, Settlement]>([
    ['has taken it', { kind: 'taken' }],
    ['has ignored it for another reason than its time', { kind: 'ignored', reason: 'duplicate' }],
    ['will never take it', REFUSED],
    ['has taken a failure in its place', { ...REFUSED, kind: 'replaced' }],
  ])('%s', (_, settlement) => {
    const { repeats, task, end } = setUp()
    end()
    repeats.settled(task.offer, settlement)
    expect(repeats.take(offerOf('task-2'))).toBeUndefined()
  })
})

test.each(['stale_task', 'worker_mismatch'])(
  'a success that was too late (%s) answers the next offer',
  (reason) => {
    const { repeats, task, end } = setUp()
    end()
    repeats.settled(task.offer, { kind: 'ignored', reason })
    expect(repeats.take(offerOf('task-2'))?.outcome).toBe(SUCCESS)
  },
)

test('of the successes that were too late, the newest hundred are kept', () => {
  const repeats = new RepeatedOffers<{ readonly offer: TaskOffer }>()
  for (let n = 0; n <= 100; n++) {
    const offer = offerOf('task-1', { jobId: `j${n}` })
    repeats.began({ offer })
    repeats.ended({ offer }, SUCCESS)
    repeats.settled(offer, { kind: 'ignored', reason: 'stale_task' })
  }
  const found = (jobId: string) => repeats.take(offerOf('task-2', { jobId }))?.outcome
  expect([found('j0'), found('j1'), found('j100')]).toEqual([undefined, SUCCESS, SUCCESS])
})

test.each<[string, Partial<TaskOffer>]>([
  ['another step', { step: 2 }],
  ['other params', { params: { width: 2 } }],
  ['another task name', { taskName: 'crop' }],
  ['a branch, whose id has no prefix', { taskId: '2' }],
])('%s is other work', (_, more) => {
  expect(setUp().repeats.take(offerOf('task-2', more))).toBeUndefined()
})
