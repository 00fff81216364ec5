import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { forEach } from '../../../src/utils/for-each.js'

const { signal } = new AbortController()

/** Numbers from 1 on, and whether somebody still reads them. */
class Counting {
  open = true

  async *items(): AsyncGenerator<number> {
    try {
      for (let number = 1; ; number++) yield number
    } finally {
      this.open = false
    }
  }
}

describe('forEach', () => {
  test('works on all items, so many at once', async () => {
    let running = 0
    let most = 0
    const done: number[] = []
    await forEach([1, 2, 3, 4, 5], 2, signal, async (item) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      done.push(item)
      running--
    })
    expect(done).toEqual([1, 2, 3, 4, 5])
    expect(most).toBe(2)
  })

  test('a failure aborts the others, closes the source and is thrown when all have ended', async () => {
    const source = new Counting()
    const broken = new Error('broken')
    const ended: unknown[] = []
    let start = () => {}
    const started = new Promise<void>((resolve) => {
      start = resolve
    })
    const work = async (item: number, either: AbortSignal) => {
      if (item === 3) start()
      if (item === 2) {
        await started
        throw broken
      }
      await new Promise((resolve) => either.addEventListener('abort', resolve))
      ended.push(either.reason)
    }
    await expect(forEach(source.items(), 3, signal, work)).rejects.toBe(broken)
    expect(ended).toEqual([broken, broken])
    expect(source.open).toBe(false)
  })

  test('an abort from outside ends it with the reason of the signal, and closes the source', async () => {
    const source = new Counting()
    const task = new AbortController()
    const reason = new Error('cancelled')
    const work = async (item: number) => {
      if (item === 3) task.abort(reason)
    }
    await expect(forEach(source.items(), 1, task.signal, work)).rejects.toBe(reason)
    expect(source.open).toBe(false)
  })

  test.each<[string, () => Promise<void>]>([
    ['takes no notice', async () => {}],
    ['throws an error of its own', () => Promise.reject(new Error('aborted'))],
  ])('an abort during the last item counts when the work %s', async (_, end) => {
    const task = new AbortController()
    const reason = new Error('cancelled')
    const work = () => {
      task.abort(reason)
      return end()
    }
    await expect(forEach([1], 1, task.signal, work)).rejects.toBe(reason)
  })

  test('a source that fails is a failure', async () => {
    const broken = new Error('no listing')
    const source = async function* () {
      yield 1
      throw broken
    }
    await expect(forEach(source(), 2, signal, async () => {})).rejects.toBe(broken)
  })

  test('many listeners on the shared signal are no reason for a warning of Node', async () => {
    const warned = vi.fn()
    process.on('warning', warned)
    onTestFinished(() => void process.off('warning', warned))
    const items = Array.from({ length: 20 }, (_, index) => index)
    await forEach(items, 20, signal, async (_, either) => either.addEventListener('abort', () => {}))
    await new Promise((resolve) => setImmediate(resolve))
    expect(warned).not.toHaveBeenCalled()
  })
})
