import { describe, expect, test, vi } from 'vitest'
import { Limiter } from '../../../src/utils/limiter.js'

const { signal } = new AbortController()

const never = () => Promise.reject(new Error('there is no such work'))

/** Work that ends when it is told to. */
const gate = () => {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { work: vi.fn(() => opened), open }
}

describe('a limiter', () => {
  test('runs so many at once, and the others in the order in which they came', async () => {
    const limiter = new Limiter(2)
    const gates = [gate(), gate(), gate(), gate()]
    const started = () => gates.map(({ work }) => work.mock.calls.length)
    const runs = gates.slice(0, 3).map(({ work }) => limiter.run(work, signal))
    expect(started()).toEqual([1, 1, 0, 0])
    gates[1]?.open()
    await runs[1]
    // Two run again: there is no place for one that comes now.
    runs.push(limiter.run(gates[3]?.work ?? never, signal))
    expect(started()).toEqual([1, 1, 1, 0])
    gates[0]?.open()
    await runs[0]
    expect(started()).toEqual([1, 1, 1, 1])
    for (const { open } of gates) open()
    await Promise.all(runs)
  })

  test('goes on after work that has failed', async () => {
    const limiter = new Limiter(1)
    const broken = new Error('broken')
    await expect(limiter.run(() => Promise.reject(broken), signal)).rejects.toBe(broken)
    await expect(limiter.run(() => Promise.resolve(1), signal)).resolves.toBe(1)
  })

  test('an abort ends the waiting, and the next one does not wait for it', async () => {
    const limiter = new Limiter(1)
    const [first, last] = [gate(), gate()]
    const task = new AbortController()
    const running = limiter.run(first.work, signal)
    const abortedWork = vi.fn()
    const waiting = limiter.run(abortedWork, task.signal)
    const next = limiter.run(last.work, signal)
    task.abort(new Error('cancelled'))
    await expect(waiting).rejects.toThrow('cancelled')
    first.open()
    await running
    expect(last.work).toHaveBeenCalledTimes(1)
    expect(abortedWork).not.toHaveBeenCalled()
    last.open()
    await next
  })

  test('leaves no listener on the signal of work that has waited', async () => {
    const limiter = new Limiter(1)
    const task = new AbortController()
    const removed = vi.spyOn(task.signal, 'removeEventListener')
    const first = gate()
    const runs = [limiter.run(first.work, signal), limiter.run(async () => {}, task.signal)]
    first.open()
    await Promise.all(runs)
    expect(removed).toHaveBeenCalledTimes(1)
  })

  test('starts nothing for a signal that has aborted', async () => {
    const work = vi.fn()
    await expect(new Limiter(1).run(work, AbortSignal.abort(new Error('cancelled')))).rejects.toThrow(
      'cancelled',
    )
    expect(work).not.toHaveBeenCalled()
  })
})
