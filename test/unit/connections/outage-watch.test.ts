import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { OutageWatch } from '../../../src/connections/outage-watch.js'
import type { Fact } from '../../../src/orchestrators/health.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const setUp = () => {
  const outageEnded = vi.fn()
  const watch = new OutageWatch({ outageEnded })
  onTestFinished(() => watch.close())
  const record = (...facts: readonly Fact[]) => {
    for (const fact of facts) watch.record('heartbeat', fact)
  }
  return { watch, record, ended: outageEnded.mock }
}

test.each<[string, readonly Fact[], boolean]>([
  ['a timeout', ['silent'], true],
  ['a timeout, then a refused connection', ['silent', 'absent'], true],
  ['a refused connection: no request hangs', ['absent'], false],
  ['failures', ['failed', 'failed', 'failed'], false],
  ['a refused token', ['unauthorized'], false],
])('the end of an outage tells whether requests timed out: %s', (_, facts, wasSilent) => {
  const { record, ended } = setUp()
  record('answered', ...facts, 'answered')
  expect(ended.calls).toEqual([[wasSilent, 'heartbeat']])
})

test('a timeout counts for one outage only', () => {
  const { record, ended } = setUp()
  record('silent', 'answered')
  vi.advanceTimersByTime(1_000)
  record('absent', 'answered')
  expect(ended.calls).toEqual([
    [true, 'heartbeat'],
    [false, 'heartbeat'],
  ])
})

test('outages that end within a second are reacted to once, and a timeout in one of them counts', () => {
  const { record, ended } = setUp()
  record('absent', 'answered', 'silent', 'answered', 'absent', 'answered')
  expect(ended.calls).toEqual([[false, 'heartbeat']])
  vi.advanceTimersByTime(1_000)
  expect(ended.calls).toEqual([
    [false, 'heartbeat'],
    [true, undefined],
  ])
})

test('the reaction is left out if the orchestrator is away again', () => {
  const { record, ended } = setUp()
  record('absent', 'answered', 'silent', 'answered', 'absent')
  vi.advanceTimersByTime(1_000)
  expect(ended.calls).toHaveLength(1)
})

test('closing leaves no timer', () => {
  const { watch, record } = setUp()
  record('absent', 'answered', 'absent', 'answered')
  expect(vi.getTimerCount()).toBe(1)
  watch.close()
  expect(vi.getTimerCount()).toBe(0)
})
