import { expect, onTestFinished, test, vi } from 'vitest'
import { HeartbeatLoop } from '../../../../src/connections/heartbeat/heartbeat-loop.js'
import { RateLimitError, UnknownWorkerError } from '../../../../src/errors.js'
import type { Heartbeat } from '../../../../src/protocol/messages.js'
import { Wake } from '../../../../src/utils/wake.js'
import { linesOf } from '../../../support/log-lines.js'

const HEARTBEAT: Heartbeat = {
  load: 0,
  status: 'idle',
  accepting: true,
  tasksInHand: [],
  taskNames: [],
  hotCache: [],
  skillDependencies: {},
  hotSkills: [],
}

/** A loop towards an orchestrator that wants silence for a minute after its first heartbeat. */
const limited = async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  let quietUntil = 0
  let sent = 0
  const orchestrator = {
    url: 'http://o',
    protocol: { urgent: () => ({}) },
    limits: { quietMs: () => Math.max(0, quietUntil - performance.now()), isLimited: () => true },
    heartbeat: async () => {
      if (++sent > 1) return []
      quietUntil = performance.now() + 60_000
      throw new RateLimitError('too many')
    },
  }
  const owner = { describe: () => HEARTBEAT, forgotten: () => {}, cancelled: () => {} }
  const loop = new HeartbeatLoop(orchestrator, owner, {
    settings: { heartbeatIntervalMs: 15_000, heartbeatDebounceMs: 0 },
    machine: { usage: { cpuPercent: 0, ramUsedGb: 0, devices: [] } },
    wake: new Wake(),
    log: linesOf().logger,
  })
  onTestFinished(() => loop.stop())
  loop.start()
  await vi.advanceTimersByTimeAsync(10_000)
  return { loop, sent: () => sent }
}

test.each([
  ['another registration', (loop: HeartbeatLoop) => loop.start()],
  ['a leave or a drain', (loop: HeartbeatLoop) => void loop.now()],
  ['a question', (loop: HeartbeatLoop) => loop.ask()],
])('%s waits for the end of the silence, and is told then', async (_, act) => {
  const { loop, sent } = await limited()
  act(loop)
  await vi.advanceTimersByTimeAsync(49_999)
  expect(sent()).toBe(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(sent()).toBe(2)
})

test('one that has stopped meanwhile says nothing', async () => {
  const { loop, sent } = await limited()
  loop.stop()
  await loop.now()
  await vi.advanceTimersByTimeAsync(120_000)
  expect(sent()).toBe(1)
})

/** A loop whose heartbeats the test answers one by one. */
const answeredByHand = () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const open: { take(): void; fail(error: Error): void }[] = []
  const forgotten = vi.fn()
  let load = 0
  const orchestrator = {
    url: 'http://o',
    protocol: { urgent: ({ load }: { load: number }) => ({ load }) },
    limits: { quietMs: () => 0, isLimited: () => false },
    heartbeat: () =>
      new Promise<readonly string[]>((resolve, fail) => open.push({ take: () => resolve([]), fail })),
  }
  const wake = new Wake()
  const owner = { describe: () => ({ ...HEARTBEAT, load }), forgotten, cancelled: () => {} }
  const loop = new HeartbeatLoop(orchestrator, owner, {
    settings: { heartbeatIntervalMs: 15_000, heartbeatDebounceMs: 100 },
    machine: { usage: { cpuPercent: 0, ramUsedGb: 0, devices: [] } },
    wake,
    log: linesOf().logger,
  })
  const change = () => {
    load++
    wake.trigger()
  }
  return { loop, open, forgotten, change, settled: () => vi.advanceTimersByTimeAsync(0) }
}

test('a late answer that belongs to the time before a restart reports no lost registration', async () => {
  const { loop, open, forgotten, settled } = answeredByHand()
  loop.start()
  loop.stop()
  loop.start()
  open[0]?.fail(new UnknownWorkerError('404'))
  await settled()
  expect(forgotten).not.toHaveBeenCalled()
  expect(open).toHaveLength(2)
  open[1]?.fail(new UnknownWorkerError('404'))
  await settled()
  expect(forgotten).toHaveBeenCalledTimes(1)
  loop.stop()
})

test('changes in a row are sent together, after the debounce and not before', async () => {
  const { loop, open, change, settled } = answeredByHand()
  loop.start()
  open[0]?.take()
  await settled()
  change()
  change()
  await vi.advanceTimersByTimeAsync(99)
  expect(open).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(open).toHaveLength(2)
  loop.stop()
})

test('the next heartbeat is sent at the interval and not before', async () => {
  const { loop, open, settled } = answeredByHand()
  loop.start()
  open[0]?.take()
  await settled()
  await vi.advanceTimersByTimeAsync(14_999)
  expect(open).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(open).toHaveLength(2)
  loop.stop()
})

test('a loop that is stopped leaves no timer', async () => {
  const { loop, open, change, settled } = answeredByHand()
  loop.start()
  open[0]?.take()
  await settled()
  change()
  expect(vi.getTimerCount()).toBe(2)
  loop.stop()
  expect(vi.getTimerCount()).toBe(0)
  change()
  expect(vi.getTimerCount()).toBe(0)
})
