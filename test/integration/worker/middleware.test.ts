import { defineTask, InvalidInputError, PermanentError, Worker } from 'avtomatika-worker'
import { runTask } from 'avtomatika-worker/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { gate, testWorker } from '../../support/test-worker.js'

/** A worker without an orchestrator, and the outcome of one of its tasks. */
const unstarted = () => {
  const worker = new Worker()
  const run = async (name: string, params = {}) => (await runTask(worker, name, params)).outcome
  return { worker, run }
}

/** A worker that takes its tasks from an orchestrator. */
const setup = async (concurrency = 2) => {
  const orchestrator = await RawOrchestrator.start()
  const made = testWorker({ url: orchestrator.url, maxConcurrentTasks: concurrency })
  const run = async (name: string, params: object = {}) => {
    orchestrator.offer(name, params)
    return (await orchestrator.next('result')).body.result
  }
  return { orchestrator, run, ...made }
}

test('runs around the handler, the first registered outermost, after the params were validated', async () => {
  const { worker, run } = unstarted()
  const steps: unknown[] = []
  for (const name of ['outer', 'inner']) {
    worker.use(async ({ taskName }, next, params) => {
      steps.push([`${name} in`, taskName, params])
      const value = await next()
      steps.push([`${name} out`, value])
      return value
    })
  }
  worker.task('work', { params: z.object({ n: z.coerce.number() }) }, ({ n }) => {
    steps.push(['handler', n])
    return { data: { n } }
  })
  expect(await run('work', { n: '1' })).toEqual({ status: 'success', data: { n: 1 } })
  expect(steps).toEqual([
    ['outer in', 'work', { n: 1 }],
    ['inner in', 'work', { n: 1 }],
    ['handler', 1],
    ['inner out', { data: { n: 1 } }],
    ['outer out', { data: { n: 1 } }],
  ])
  steps.length = 0
  expect(await run('work', { n: 'x' })).toMatchObject({ error: { code: 'INVALID_INPUT_ERROR' } })
  expect(steps).toEqual([])
})

test('its return value is the result; without one, the value of the rest stands', async () => {
  const { worker, run } = unstarted()
  worker.use(async ({ taskName }, next) => {
    if (taskName === 'skipped') return { data: { by: 'middleware' } }
    if (taskName === 'replaced') return { data: { was: await next() } }
    if (taskName === 'forgotten') void next()
    else await next()
    return undefined
  })
  for (const name of ['skipped', 'replaced', 'forgotten', 'plain'])
    worker.task(name, async () => {
      await new Promise(setImmediate)
      return { data: { by: name } }
    })
  expect(await run('plain')).toEqual({ status: 'success', data: { by: 'plain' } })
  expect(await run('forgotten')).toEqual({ status: 'success', data: { by: 'forgotten' } })
  expect(await run('skipped')).toEqual({ status: 'success', data: { by: 'middleware' } })
  expect(await run('replaced')).toEqual({
    status: 'success',
    data: { was: { data: { by: 'replaced' } } },
  })
})

test('an error of the handler reaches it, and is not lost if it returns nothing', async () => {
  const { worker, run } = unstarted()
  const seen: unknown[] = []
  worker.use(async ({ taskName }, next) => {
    try {
      return await next()
    } catch (error) {
      seen.push((error as Error).message)
      if (taskName === 'mended') return { data: { mended: true } }
      if (taskName === 'renamed') throw new InvalidInputError('renamed')
      return undefined
    }
  })
  for (const name of ['mended', 'renamed', 'swallowed'])
    worker.task(name, () => {
      throw new PermanentError(`no ${name}`)
    })
  expect(await run('mended')).toEqual({ status: 'success', data: { mended: true } })
  expect(await run('renamed')).toMatchObject({ error: { code: 'INVALID_INPUT_ERROR', message: 'renamed' } })
  expect(await run('swallowed')).toMatchObject({
    error: { code: 'PERMANENT_ERROR', message: 'no swallowed' },
  })
  expect(seen).toEqual(['no mended', 'no renamed', 'no swallowed'])
})

const faulty = {
  'throws before the handler': [() => Promise.reject(new Error('down')), 'TRANSIENT_ERROR', 'down'],
  'throws at once': [
    () => {
      throw new PermanentError('down')
    },
    'PERMANENT_ERROR',
    'down',
  ],
  'calls next twice': [
    async (_: unknown, next: () => Promise<unknown>) => {
      await next()
      return next()
    },
    'PERMANENT_ERROR',
    'Middleware number 1 called next() twice',
  ],
  'calls next twice at once': [
    (_: unknown, next: () => Promise<unknown>) => Promise.all([next(), next()]),
    'PERMANENT_ERROR',
    'called next() twice',
  ],
  'neither calls next nor returns anything': [
    () => {},
    'PERMANENT_ERROR',
    'neither called next() nor returned a result: the handler did not run',
  ],
  'replaces a member of the context': [
    (_: unknown, next: (more: object) => Promise<unknown>) => next({ taskId: 'x' }),
    'PERMANENT_ERROR',
    'cannot replace ctx.taskId',
  ],
} as const

test.each(Object.keys(faulty) as (keyof typeof faulty)[])(
  'one that %s fails that task alone',
  async (name) => {
    const { worker, run } = unstarted()
    const [middleware, code, message] = faulty[name]
    let isFaulty = true
    worker.use((ctx, next) => (isFaulty ? middleware(ctx, next) : next()))
    worker.task('work', () => ({ data: { ok: true } }))
    expect(await run('work')).toMatchObject({
      status: 'failure',
      error: { code, message: expect.stringContaining(message) },
    })
    isFaulty = false
    expect(await run('work')).toEqual({ status: 'success', data: { ok: true } })
  },
)

test('a handler that still runs when its middleware has thrown keeps its slot until it ends', async () => {
  const { worker, run, orchestrator } = await setup(1)
  const { opened, open } = gate()
  const begun = gate()
  const ended: string[] = []
  worker.use(({ taskName }, next) => {
    if (taskName !== 'slow') return next()
    void next()
    throw new Error('too early')
  })
  worker.task('slow', async () => {
    begun.open()
    await opened
    ended.push('slow')
  })
  worker.task('quick', () => void ended.push('quick'))
  await worker.start()
  orchestrator.offer('slow')
  orchestrator.offer('quick')
  await begun.opened
  for (let turn = 0; turn < 3; turn++) await orchestrator.fence()
  expect([ended, orchestrator.calls('result')]).toEqual([[], []])
  open()
  expect(
    (await orchestrator.next('result', ({ body }) => body.task_id === 't1')).body.result.error.message,
  ).toBe('too early')
  expect(ended[0]).toBe('slow')
  expect(await run('quick')).toMatchObject({ status: 'success' })
})

test('what it adds is on the context of later middleware and of the handler, copied or not', async () => {
  const { worker, run } = unstarted()
  const typed = worker
    .use<{ db: { name: string } }>(async (_ctx, next) => next({ db: { name: 'main' } }))
    .use<{ user: string }>(async ({ db }, next) => next({ user: `user of ${db.name}` }))
  typed.task('work', (_params, { user, ...rest }) => ({ data: { user, db: { ...rest }.db.name } }))
  typed.add(
    defineTask({
      name: 'defined',
      run: (_params, ctx: { readonly db: { name: string } }) => ({ data: { db: ctx.db.name } }),
    }),
  )
  expect((await run('work')).data).toEqual({ user: 'user of main', db: 'main' })
  expect((await run('defined')).data).toEqual({ db: 'main' })
})

test('one that is added while the worker runs counts for the tasks that start afterwards', async () => {
  const { worker, run } = await setup()
  worker.task('work', () => ({ data: { by: 'handler' } }))
  await worker.start()
  expect((await run('work')).data).toEqual({ by: 'handler' })
  worker.use(() => ({ data: { by: 'middleware' } }))
  expect((await run('work')).data).toEqual({ by: 'middleware' })
})

test('what is no function is refused where it is written', () => {
  const { worker } = unstarted()
  expect(() => worker.use({} as never)).toThrow('worker.use takes a function')
})
