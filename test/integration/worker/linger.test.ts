import { expect, test, vi } from 'vitest'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { gate, testWorker } from '../../support/test-worker.js'

/** A worker that was told to stop while its handler runs, and what it does to its process. */
const stopped = async () => {
  const orchestrator = await RawOrchestrator.start()
  const { worker } = testWorker({ url: orchestrator.url, variables: { WORKER_SHUTDOWN_TIMEOUT: 0.05 } })
  const entered = gate()
  const handler = gate()
  worker.task('deaf', async () => {
    entered.open()
    await handler.opened
  })
  const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never)
  const running = worker.run()
  await orchestrator.next('poll')
  orchestrator.offer('deaf')
  await entered.opened
  return { worker, running, handler, exit }
}

/** Timers of a quarter of a second are kept for the test. */
const keepLingering = (): (() => void)[] => {
  const set = setTimeout
  const kept: (() => void)[] = []
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((action: () => void, ms?: number, ...rest: []) => {
    if (ms === 250) kept.push(action)
    return set(ms === 250 ? () => {} : action, ms, ...rest)
  }) as typeof setTimeout)
  return kept
}

test('a handler that was given up and runs on has its process for a quarter of a second more', async () => {
  const { worker, running, handler, exit } = await stopped()
  const lingering = keepLingering()
  await worker.stop({ pollGraceMs: 0 })
  await running
  expect([lingering.length, exit.mock.calls]).toEqual([1, []])
  lingering[0]?.()
  expect(exit).toHaveBeenCalledExactlyOnceWith(1)
  handler.open()
})

test('where every handler has ended, the process is left alone', async () => {
  const { worker, running, handler, exit } = await stopped()
  const lingering = keepLingering()
  handler.open()
  await worker.stop({ pollGraceMs: 0 })
  await running
  expect([lingering.length, exit.mock.calls]).toEqual([0, []])
})
