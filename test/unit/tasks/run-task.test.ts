import { describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { PermanentError, ShutdownError, TaskCancelledError, type TaskError } from '../../../src/errors.js'
import type { ProgressUpdate, TaskEvent, TaskOffer } from '../../../src/protocol/messages.js'
import {
  type Handler,
  type TaskDefinition,
  type TaskDescription,
  TaskRegistry,
} from '../../../src/tasks/definition.js'
import { runTask } from '../../../src/tasks/run-task.js'
import { TaskSignal } from '../../../src/tasks/task-signal.js'
import type { Logger } from '../../../src/utils/logger.js'
import { unusedDirectories } from '../../support/files/unused-directories.js'
import { UNWATCHED } from '../../support/unwatched.js'

const OFFER: TaskOffer = {
  jobId: 'j1',
  taskId: 't1',
  taskName: 'work',
  params: { x: 1 },
  priority: 3,
  tracingContext: { traceparent: '00-1' },
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

const setup = (
  handler: Handler<never>,
  params?: TaskDefinition['params'],
  described: TaskDescription = {},
) => {
  const registry = new TaskRegistry()
  registry.add({ name: 'work', taskType: undefined, params, described, handler })
  const signal = new TaskSignal()
  const updates: ProgressUpdate[] = []
  const emitted: TaskEvent[] = []
  const hot = { add: vi.fn(), remove: vi.fn() }
  const log = { ...silent, child: vi.fn(() => silent) }
  const tools = {
    log,
    report: (update: ProgressUpdate) => void updates.push(update),
    emit: (event: TaskEvent) => void emitted.push(event),
    eventValidation: true,
    isRunning: () => true,
    addToHotCache: hot.add,
    removeFromHotCache: hot.remove,
  }
  const surroundings = { registry, directories: unusedDirectories(), tools, watch: UNWATCHED }
  const run = (offer: Partial<TaskOffer> = {}) => runTask({ ...OFFER, ...offer }, signal, surroundings)
  return { run, signal, updates, emitted, hot, log }
}

const failure = (code: string, message: unknown) => ({ kind: 'failure', error: { code, message } })

describe('one task', () => {
  test('a handler receives params and context, and its return value is the outcome', async () => {
    let seen: unknown
    const { run } = setup((params, { taskId, jobId, taskName, priority, tracingContext, signal }) => {
      seen = { params, taskId, jobId, taskName, priority, tracingContext, aborted: signal.aborted }
      return { data: { ok: true } }
    })
    expect(await run()).toEqual({ kind: 'value', status: 'success', data: { ok: true } })
    expect(seen).toEqual({ ...OFFER, aborted: false })
  })

  test('a handler may be async, and may fail both ways', async () => {
    expect(await setup(async () => ({ x: 1 })).run()).toMatchObject({ data: { x: 1 } })
    const rejects = setup(async () => Promise.reject(new Error('later')))
    expect(await rejects.run()).toEqual(failure('TRANSIENT_ERROR', 'later'))
    const throws = setup(() => {
      throw new PermanentError('at once')
    })
    expect(await throws.run()).toEqual(failure('PERMANENT_ERROR', 'at once'))
  })

  test('an unknown task name is a PERMANENT_ERROR that lists the known names', async () => {
    expect(await setup(() => {}).run({ taskName: 'play' })).toEqual(
      failure('PERMANENT_ERROR', 'Unknown task "play": this worker has work'),
    )
  })

  test('a handler is not called with params that its schema refuses', async () => {
    const handler = vi.fn()
    const { run } = setup(handler, z.object({ x: z.string() }))
    expect(await run()).toEqual(failure('INVALID_INPUT_ERROR', expect.stringMatching(/^x: /)))
    expect(handler).not.toHaveBeenCalled()
  })

  test('a handler receives the output of its params schema', async () => {
    const handler = vi.fn()
    await setup(handler, z.object({ x: z.coerce.string(), y: z.number().default(2) })).run()
    expect(handler).toHaveBeenCalledWith({ x: '1', y: 2 }, expect.anything())
  })
})

describe('the context', () => {
  test('progress carries the ids, and is clamped', async () => {
    const { run, updates } = setup((_params, { progress }) => {
      progress(0.5, 'half')
      progress(7)
      progress(-1)
      progress(Number.POSITIVE_INFINITY)
    })
    await run()
    const ids = { jobId: 'j1', taskId: 't1', tracingContext: { traceparent: '00-1' } }
    expect(updates).toEqual([
      { ...ids, progress: 0.5, message: 'half' },
      { ...ids, progress: 1, message: '' },
      { ...ids, progress: 0, message: '' },
      { ...ids, progress: 1, message: '' },
    ])
  })

  test.each([Number.NaN, '0.5'])('progress(%j) is a TypeError', async (fraction) => {
    const { run, updates } = setup((_params, ctx) => ctx.progress(fraction as number))
    expect(await run()).toEqual(
      failure('TRANSIENT_ERROR', expect.stringContaining('progress() takes a number')),
    )
    expect(updates).toEqual([])
  })

  test('the logger has the ids, and is created at the first access', async () => {
    const idle = setup(() => {})
    await idle.run()
    expect(idle.log.child).not.toHaveBeenCalled()
    const chatty = setup((_params, { log }) => log.info({}, 'hello'))
    await chatty.run()
    expect(chatty.log.child).toHaveBeenCalledWith({ taskId: 't1', jobId: 'j1', taskName: 'work' })
  })

  test('reports loaded and unloaded models', async () => {
    const { run, hot } = setup((_params, { addToHotCache, removeFromHotCache }) => {
      addToHotCache('sd')
      removeFromHotCache('llm')
    })
    await run()
    expect(hot.add).toHaveBeenCalledWith('sd')
    expect(hot.remove).toHaveBeenCalledWith('llm')
  })
})

describe('a task that was aborted', () => {
  /** A handler that ends `how`, once its signal has aborted. */
  const abortedWith = async (reason: TaskError, how: () => unknown) => {
    const { run, signal } = setup(async (_params, ctx) => {
      const aborted = new Promise((resolve) => ctx.signal.addEventListener('abort', resolve))
      signal.abort(reason)
      await aborted
      return how() as object
    })
    return run()
  }
  const throwing = (error: unknown) => () => {
    throw error
  }
  const abortError = new DOMException('This operation was aborted', 'AbortError')

  test('cancelled: whatever the handler returns or throws, it is cancelled', async () => {
    for (const how of [() => ({ x: 1 }), throwing(abortError), throwing(new PermanentError('bad'))]) {
      expect(await abortedWith(new TaskCancelledError(), how)).toEqual({ kind: 'cancelled' })
    }
  })

  test('at shutdown: an AbortError of a library becomes a TRANSIENT_ERROR with the reason', async () => {
    expect(await abortedWith(new ShutdownError(), throwing(abortError))).toEqual(
      failure('TRANSIENT_ERROR', 'The worker is shutting down'),
    )
  })

  test('at shutdown: a result or a TaskError of the handler still counts', async () => {
    expect(await abortedWith(new ShutdownError(), () => ({ x: 1 }))).toMatchObject({ data: { x: 1 } })
    expect(await abortedWith(new ShutdownError(), throwing(new PermanentError('bad')))).toEqual(
      failure('PERMANENT_ERROR', 'bad'),
    )
  })

  test('before its handler began: the handler is not called', async () => {
    const handler = vi.fn()
    const { run, signal } = setup(handler, z.object({ x: z.number().refine(async () => true) }))
    const outcome = run()
    signal.abort(new TaskCancelledError())
    expect(await outcome).toEqual({ kind: 'cancelled' })
    expect(handler).not.toHaveBeenCalled()
  })
})
