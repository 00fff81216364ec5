import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { PollAbandonment } from '../../../src/connections/poll-abandonment.js'
import { classic } from '../../../src/protocol/classic/classic.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const setUp = () => {
  const abandoned: string[] = []
  const abandonment = new PollAbandonment(
    { announce: async () => {} },
    { open: 1, abandon: () => abandoned.push('polls') },
    { protocol: classic },
  )
  return { abandonment, abandoned }
}

test('the polls are given up 1 s after the announcement, when no task runs', async () => {
  const { abandonment, abandoned } = setUp()
  void abandonment.begin(Promise.resolve(), Promise.resolve())
  await vi.advanceTimersByTimeAsync(999)
  expect(abandoned).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(abandoned).toEqual(['polls'])
})

test('an announcement that is answered after the connection was closed sets no timer', async () => {
  const { abandonment, abandoned } = setUp()
  let announce = () => {}
  const announced = new Promise<void>((resolve) => {
    announce = resolve
  })
  void abandonment.begin(announced, Promise.resolve())
  abandonment.close()
  announce()
  await vi.advanceTimersByTimeAsync(0)
  expect(vi.getTimerCount()).toBe(0)
  expect(abandoned).toEqual([])
})
