import { expect, onTestFinished, test, vi } from 'vitest'
import { Events } from '../../src/events.js'
import { StrayRejections } from '../../src/execution/stray-rejections.js'
import { onShutdownSignals } from '../../src/runtime/shutdown.js'
import { linesOf } from '../support/log-lines.js'

const MANY = 12

/** Node warns when more than ten listeners of one kind are added: they look like a leak. */
const warnings = () => {
  const seen: string[] = []
  const listener = ({ name }: Error) => void seen.push(name)
  process.on('warning', listener)
  onTestFinished(() => void process.off('warning', listener))
  // Warnings are emitted in a later turn of the event loop.
  return () => new Promise<string[]>((resolve) => setImmediate(() => resolve(seen)))
}

test('many workers in one process share one listener of each signal', async () => {
  const seen = warnings()
  const before = process.listenerCount('SIGTERM')
  const drained: number[] = []
  const stops = Array.from({ length: MANY }, (_, n) =>
    onShutdownSignals(
      () => void drained.push(n),
      () => {},
    ),
  )
  expect(process.listenerCount('SIGTERM')).toBe(before + 1)
  expect(await seen()).toEqual([])
  process.emit('SIGTERM', 'SIGTERM')
  expect(drained).toEqual(Array.from({ length: MANY }, (_, n) => n))
  for (const stop of stops) stop()
  expect(process.listenerCount('SIGTERM')).toBe(before)
})

test('the same signal within half a second counts once, the second hurries, and the third is not listened to', () => {
  const before = process.listenerCount('SIGTERM')
  const steps: string[] = []
  onShutdownSignals(
    (signal) => void steps.push(`drain ${signal}`),
    (signal) => void steps.push(`hurry ${signal}`),
  )
  const now = vi.spyOn(performance, 'now').mockReturnValue(1_000)
  onTestFinished(() => now.mockRestore())
  process.emit('SIGTERM', 'SIGTERM')
  now.mockReturnValue(1_499)
  process.emit('SIGTERM', 'SIGTERM')
  expect(steps).toEqual(['drain SIGTERM'])
  now.mockReturnValue(2_000)
  process.emit('SIGTERM', 'SIGTERM')
  expect(steps).toEqual(['drain SIGTERM', 'hurry SIGTERM'])
  expect(process.listenerCount('SIGTERM')).toBe(before)
})

test('many workers in one process share one listener of unhandled rejections', async () => {
  const seen = warnings()
  const before = process.listenerCount('unhandledRejection')
  const stops = Array.from({ length: MANY }, () =>
    new StrayRejections(new Events(() => {}), linesOf().logger).listen(),
  )
  expect(process.listenerCount('unhandledRejection')).toBe(before + 1)
  expect(await seen()).toEqual([])
  for (const stop of stops) stop()
  expect(process.listenerCount('unhandledRejection')).toBe(before)
})

test('one event of a worker may have many listeners', async () => {
  const seen = warnings()
  const events = new Events(() => {})
  const heard: number[] = []
  for (let n = 0; n < MANY; n++) events.on('registered', () => void heard.push(n))
  events.emit('registered', { orchestrator: 'http://o' })
  expect(heard).toHaveLength(MANY)
  expect(await seen()).toEqual([])
})
