import { expect, onTestFinished, test, vi } from 'vitest'
import { HeartbeatLoop } from '../../../../src/connections/heartbeat/heartbeat-loop.js'
import { RateLimitError } from '../../../../src/errors.js'
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
    takesUsage: false,
    urgent: () => ({}),
    quietMs: () => Math.max(0, quietUntil - performance.now()),
    heartbeat: async () => {
      if (++sent > 1) return []
      quietUntil = performance.now() + 60_000
      throw new RateLimitError('too many')
    },
  }
  const loop = new HeartbeatLoop({
    orchestrator,
    describe: () => HEARTBEAT,
    usage: () => ({ cpuPercent: 0, ramUsedGb: 0, devices: [] }),
    intervalMs: 15_000,
    debounceMs: 0,
    log: linesOf().logger,
    wake: new Wake(),
    onUnknown: () => {},
    onCancelled: () => {},
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
