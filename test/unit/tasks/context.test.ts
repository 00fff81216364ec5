import { describe, expect, test, vi } from 'vitest'
import { TaskCancelledError } from '../../../src/errors.js'
import type { TaskOffer } from '../../../src/protocol/messages.js'
import type { TaskContext } from '../../../src/tasks/context.js'
import { type ContextTools, OfferContext } from '../../../src/tasks/offer-context.js'
import { TaskSignal } from '../../../src/tasks/task-signal.js'
import { unusedDirectories } from '../../support/files/unused-directories.js'
import { linesOf } from '../../support/log-lines.js'

const OFFER: TaskOffer = {
  jobId: 'j1',
  taskId: 't1',
  taskName: 'work',
  params: {},
  priority: 3,
  tracingContext: { traceparent: '00-1' },
  deadlineMs: 1_000,
  metadata: { from: 'client' },
  step: 2,
}

const MEMBERS = {
  taskId: true,
  jobId: true,
  taskName: true,
  priority: true,
  tracingContext: true,
  deadline: true,
  paramsMetadata: true,
  metadata: true,
  security: true,
  step: true,
  depth: true,
  parentHash: true,
  signal: true,
  files: true,
  log: true,
  progress: true,
  emit: true,
  addToHotCache: true,
  removeFromHotCache: true,
} satisfies Record<keyof TaskContext, true>

const setUp = () => {
  const { logger, lines } = linesOf()
  const tools = {
    log: logger,
    report: vi.fn(),
    emit: vi.fn(),
    eventValidation: true as boolean | 'throw',
    isRunning: (): boolean => true,
    addToHotCache: vi.fn(),
    removeFromHotCache: vi.fn(),
  } satisfies ContextTools
  const child = vi.spyOn(logger, 'child')
  const signal = new TaskSignal()
  const madeSignal = vi.spyOn(signal, 'signal', 'get')
  const directories = unusedDirectories()
  const context: TaskContext = new OfferContext(OFFER, signal, tools, directories.open('t1'))
  const end = () => directories.released('t1', { kind: 'value', status: 'success' })
  return { context, tools, signal, madeSignal, child, lines, end }
}

describe('the context', () => {
  test('has each member as a property of its own, and no other', () => {
    expect(Object.keys(setUp().context).sort()).toEqual(Object.keys(MEMBERS).sort())
  })

  test.each<[string, (context: TaskContext) => TaskContext]>([
    ['a rest', ({ taskId, ...rest }) => ({ taskId, ...rest })],
    ['a spread', (context) => ({ ...context })],
    ['Object.assign', (context) => Object.assign({}, context)],
  ])('%s of it has every member, and they work', (_, copied) => {
    const { context, tools, signal, lines } = setUp()
    const copy = copied(context)
    for (const name of Object.keys(MEMBERS) as (keyof TaskContext)[]) expect(copy[name]).toBe(context[name])
    expect(copy).toMatchObject({
      priority: 3,
      deadline: new Date(1_000),
      metadata: { from: 'client' },
      step: 2,
    })
    expect(copy).toMatchObject({ depth: 0, security: {}, paramsMetadata: {} })
    copy.log.info({}, 'hello')
    expect(lines.all).toEqual([
      { level: 'info', message: 'hello', fields: { taskId: 't1', jobId: 'j1', taskName: 'work' } },
    ])
    copy.progress(0.5)
    expect(tools.report).toHaveBeenCalledTimes(1)
    copy.emit('found')
    expect(tools.emit).toHaveBeenCalledTimes(1)
    const reason = new TaskCancelledError()
    signal.abort(reason)
    expect(copy.signal.reason).toBe(reason)
  })

  test('creates signal and logger when a handler first uses them', () => {
    const { context, madeSignal, child } = setUp()
    expect(madeSignal).not.toHaveBeenCalled()
    expect(child).not.toHaveBeenCalled()
    expect(context.signal).toBe(context.signal)
    expect(context.log).toBe(context.log)
    expect(child).toHaveBeenCalledTimes(1)
  })

  test.each(['cancelled', 'finished'])('of a %s task can still be copied and used', async (how) => {
    const { context, signal, tools, end } = setUp()
    if (how === 'cancelled') signal.abort(new TaskCancelledError())
    else end()
    const { taskId, ...rest } = context
    expect(rest.signal.aborted).toBe(how === 'cancelled')
    rest.log.info({}, taskId)
    rest.progress(1)
    rest.emit('found')
    expect(tools.report).toHaveBeenCalledTimes(1)
    tools.isRunning = () => false
    tools.eventValidation = 'throw'
    rest.progress(Number.NaN)
    rest.emit('not a name')
    rest.emit('odd', { f: () => {} })
    expect(tools.emit).toHaveBeenCalledTimes(1)
    rest.addToHotCache('m')
    rest.removeFromHotCache('m')
    expect(await rest.files.list()).toEqual([])
  })
})
