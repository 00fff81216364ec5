import { existsSync } from 'node:fs'
import { defineTask, PermanentError, TaskTimeoutError, Worker } from 'avtomatika-worker'
import { MemoryStore, runTask, TestClock } from 'avtomatika-worker/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { gate } from '../../support/test-worker.js'

const worker = new Worker()
  .task(
    'double',
    { params: z.object({ n: z.coerce.number(), unit: z.string().default('px') }) },
    (params) => ({
      doubled: params.n * 2,
      unit: params.unit,
    }),
  )
  .task('talk', (_params, { log, progress, emit }) => {
    log.info({ step: 1 }, 'begun')
    progress(0.25)
    progress(1, 'done')
    emit('page_found', { page: 3 })
    log.child({ inner: true }).warn({}, 'slow')
  })
  .task('wait', async (_params, { signal }) => {
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })

test('the params are validated, and the result is what an orchestrator gets', async () => {
  const { outcome } = await runTask(worker, 'double', { n: '21' })
  expect(outcome).toMatchObject({ status: 'success', data: { doubled: 42, unit: 'px' }, error: undefined })
})

test('wrong params fail the task before its handler runs', async () => {
  const { outcome } = await runTask(worker, 'double', { n: 'many' })
  expect(outcome).toMatchObject({
    status: 'failure',
    error: { code: 'INVALID_INPUT_ERROR' },
    data: undefined,
  })
})

test('params and result pass through JSON', async () => {
  const at = new Date(0)
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  const task = defineTask({
    name: 'dates',
    run: ({ at: given, none }) => ({ type: typeof given, has: none !== undefined, later: at }),
  })
  const { outcome } = await runTask(task, { at, none: undefined })
  expect(outcome.data).toEqual({ type: 'string', has: false, later: '1970-01-01T00:00:00.000Z' })
  const bad = await runTask(defineTask({ name: 'map', run: () => ({ map: new Map() }) as object }), {})
  expect(bad.outcome.error?.code).toBe('PERMANENT_ERROR')
  await expect(runTask(task, { cycle })).rejects.toThrow(TypeError)
})

test('large integers arrive with all digits where the task takes bigints', async () => {
  const big = new Worker().task('big', { bigints: true }, ({ n }) => ({ next: BigInt(n) + 1n }))
  const { outcome } = await runTask(big, 'big', { n: 2n ** 60n })
  expect(outcome.data).toEqual({ next: 2n ** 60n + 1n })
})

test('log lines, progress and events are collected', async () => {
  const { log, progress, events, outcome } = await runTask(worker, 'talk', {}, { taskId: 't1', jobId: 'j1' })
  expect(outcome).toMatchObject({ status: 'success', data: undefined })
  expect(log).toEqual([
    { level: 'info', message: 'begun', fields: { taskId: 't1', jobId: 'j1', taskName: 'talk', step: 1 } },
    { level: 'warn', message: 'slow', fields: expect.objectContaining({ inner: true }) },
  ])
  expect(progress).toEqual([
    { fraction: 0.25, message: '' },
    { fraction: 1, message: 'done' },
  ])
  expect(events).toEqual([{ name: 'page_found', payload: { page: 3 } }])
})

test('files are there at the start, seen at the end, and gone afterwards', async () => {
  let directory = ''
  const task = defineTask({
    name: 'shout',
    run: async (_params, { files }) => {
      directory = await files.pathTo('sub/in.txt')
      await files.write('out.txt', (await files.read('sub/in.txt')).toUpperCase())
    },
  })
  const { files } = await runTask(task, {}, { files: { 'sub/in.txt': 'hello' } })
  expect(
    Object.entries(files)
      .map(([name, content]) => [name, content.toString()])
      .sort(),
  ).toEqual([
    ['out.txt', 'HELLO'],
    ['sub/in.txt', 'hello'],
  ])
  expect(existsSync(directory)).toBe(false)
  await expect(runTask(task, {}, { files: { '../out.txt': 'x' } })).rejects.toThrow('outside')
})

test('objects of a store are downloaded, and paths in the result are uploaded', async () => {
  const store = new MemoryStore({ 's3://pictures/in.txt': 'hello' })
  const task = defineTask({
    name: 'copy',
    run: async ({ file }, { files }) => {
      await files.write('copy.txt', await files.read(String(file)))
      return { copy: await files.pathTo('copy.txt') }
    },
  })
  const { outcome } = await runTask(task, { file: 's3://pictures/in.txt' }, { store, taskId: 't1' })
  const copy = String(outcome.data?.['copy'])
  expect(copy).toMatch(/^s3:\/\/test\/.*copy\.txt$/)
  expect(store.get(copy)?.toString()).toBe('hello')
  const missing = await runTask(task, { file: 's3://pictures/none.txt' }, { store: {} })
  expect(missing.outcome.error).toMatchObject({ code: 'INVALID_INPUT_ERROR' })
})

test('a signal cancels the task', async () => {
  const abort = new AbortController()
  const running = runTask(worker, 'wait', {}, { signal: abort.signal })
  abort.abort()
  expect((await running).outcome.status).toBe('cancelled')
})

test('the clock of the test ends a task at its deadline', async () => {
  const clock = new TestClock()
  const begun = gate()
  let deadline: Date | undefined
  const slow = new Worker().task('slow', async (_params, ctx) => {
    deadline = ctx.deadline
    begun.open()
    await new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)))
  })
  const startMs = clock.wallMs()
  const running = runTask(slow, 'slow', {}, { clock, deadlineMs: 60_000 })
  await begun.opened
  clock.advance(60_000)
  const { outcome } = await running
  expect(outcome).toMatchObject({ status: 'failure', error: { code: 'TIMEOUT_ERROR' } })
  expect(outcome.thrown).toBeInstanceOf(TaskTimeoutError)
  expect(Number(deadline) - startMs).toBeLessThan(61_000)
})

test('what a handler throws is there with its stack', async () => {
  const task = defineTask({
    name: 'throws',
    run: () => {
      throw new PermanentError('no picture', { details: { line: 3 } })
    },
  })
  const { outcome } = await runTask(task, {})
  expect(outcome.error).toEqual({
    code: 'PERMANENT_ERROR',
    message: expect.stringContaining('no picture'),
    details: { line: 3 },
  })
  expect((outcome.thrown as Error).stack).toContain('run-task.test.ts')
})

test('middleware runs around the handler', async () => {
  const used = new Worker()
    .use<{ user: string }>(async (_ctx, next) => next({ user: 'you' }))
    .task('who', (_params, { user }) => ({ user }))
  expect((await runTask(used, 'who', {})).outcome.data).toEqual({ user: 'you' })
})

test('an event that cannot be sent fails the task', async () => {
  const task = defineTask({ name: 'emits', run: (_params, { emit }) => void emit('no spaces!') })
  expect((await runTask(task, {})).outcome.status).toBe('failure')
})

test('a task that does not exist is an error of the test', async () => {
  // @ts-expect-error: the worker has no such task
  await expect(runTask(worker, 'tripel', {})).rejects.toThrow('only double, talk, wait')
  await expect(runTask({}, 'x', {})).rejects.toMatchObject({ code: 'TEST_TASK' })
})
