import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { JobClient } from 'avtomatika-worker/client'
import { leakCheck, startOrchestrator, UnexpectedRequestError } from 'avtomatika-worker/testing'
import { request } from 'undici'
import { describe, expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { testOrchestrator } from '../../support/test-orchestrator.js'
import { testWorker } from '../../support/test-worker.js'

const CHILD = fileURLToPath(new URL('worker.child.ts', import.meta.url))
const TSX = ['--import', 'tsx']

const workerEnv = (more: Record<string, string> = {}) => {
  const folder = temporaryFolder()
  const notes = join(folder, 'notes')
  return { notes, env: { NOTES: notes, WORKER_STATE_DIR: join(folder, 'state'), LOG_LEVEL: 'warn', ...more } }
}

describe('the orchestrator of the test kit', () => {
  test('kills a worker in the middle of a task, and another one does the job', async () => {
    await using leaks = leakCheck()
    await using orchestrator = await startOrchestrator({ generation: 'rxon' })
    const { notes, env } = workerEnv({ HANGS: 'yes' })
    const first = await orchestrator.startWorker(CHILD, { env, execArgv: TSX })
    const { id } = await orchestrator.createJob({ task: 'note', params: { n: 7 } })
    const begun = new Promise<void>((resolve) => orchestrator.on('progress', () => resolve()))
    const polled = new Promise<void>((resolve) =>
      orchestrator.on('request', ({ route }) => route === 'poll' && resolve()),
    )
    await Promise.race([begun, polled])
    await expect.poll(() => readFileSync(notes, 'utf8')).toBe('7\n')
    await orchestrator.killWorker(first)
    expect(await first.ended).toBe('SIGKILL')
    await orchestrator.startWorker(CHILD, { env: { ...env, HANGS: 'no' }, execArgv: TSX })
    expect(await orchestrator.waitForJob(id)).toMatchObject({ state: 'finished', history: { n: 7 } })
    expect(readFileSync(notes, 'utf8')).toBe('7\n7\n')
    await orchestrator.close()
    await leaks.check()
  })

  test('a worker that is started after a kill takes over from the killed one', async () => {
    const orchestrator = await testOrchestrator()
    const { notes } = workerEnv()
    const env = { NOTES: notes, LOG_LEVEL: 'warn' }
    await orchestrator.startWorker(CHILD, { env: { ...env, HANGS: 'yes' }, execArgv: TSX })
    const { id } = await orchestrator.createJob({ task: 'note', params: { n: 8 } })
    // Not only that the file exists: a kill between its creation and the first write would leave it empty.
    await expect.poll(() => readFileSync(notes, 'utf8')).toBe('8\n')
    await orchestrator.killWorker()
    const { id: later } = await orchestrator.createJob({ task: 'note', params: { n: 9 } })
    await orchestrator.startWorker(CHILD, { env, execArgv: TSX })
    for (const each of [id, later])
      expect(await orchestrator.waitForJob(each)).toMatchObject({ state: 'finished' })
    const runs = readFileSync(notes, 'utf8').trim().split('\n')
    expect(runs.toSorted()).toEqual(['8', '8', '9'])
  })

  test('two tests at once, and two workers of one test, have directories of their own', async () => {
    const { env } = workerEnv()
    const { WORKER_STATE_DIR: _, ...shared } = env
    const orchestrators = await Promise.all([testOrchestrator(), testOrchestrator()])
    for (const orchestrator of orchestrators) {
      const workers = [1, 2].map(() => orchestrator.startWorker(CHILD, { env: shared, execArgv: TSX }))
      await Promise.all(workers)
      const ids = orchestrator.workers().map(({ workerId }) => workerId)
      expect(ids.toSorted()).toEqual(['test-worker-1', 'test-worker-2'])
    }
  })

  test('a worker that ends by itself is an error with its output', async () => {
    await using orchestrator = await startOrchestrator()
    const { env } = workerEnv({ MAX_CONCURRENT_TASKS: '-1' })
    await expect(orchestrator.startWorker(CHILD, { env, execArgv: TSX })).rejects.toMatchObject({
      code: 'WORKER_ENDED',
      message: expect.stringContaining('MAX_CONCURRENT_TASKS'),
    })
  })

  test('an unexpected request fails the test', async () => {
    const orchestrator = await startOrchestrator()
    const answer = await request(`${orchestrator.url}/_worker/nowhere?x=1`)
    await answer.body.dump()
    const error = await orchestrator.close().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(UnexpectedRequestError)
    expect((error as Error).message).toContain('GET /_worker/nowhere was answered 401')
  })

  test('what a worker, a client and a fault do is expected', async () => {
    await using orchestrator = await startOrchestrator()
    const { worker } = testWorker({
      url: orchestrator.url,
      variables: {
        ORCHESTRATOR_PROTOCOL: 'auto',
        WORKER_TOKEN: orchestrator.workerToken,
        HEARTBEAT_INTERVAL: 0.1,
        TASK_POLL_ERROR_DELAY: 0.05,
      },
    })
    worker.task('echo', ({ x }) => ({ x }))
    await worker.start()
    await orchestrator.waitForWorker('echo')
    const fault = orchestrator.faults.start('401', { times: 2 })
    await expect.poll(() => fault.hits).toBe(2)
    orchestrator.forgetWorkers()
    await using client = new JobClient({ url: orchestrator.url, token: orchestrator.clientToken })
    await client.get('none').catch(() => {})
    const job = await client.create('echo', { x: 1 })
    expect((await client.wait(job)).outcome).toBe('finished')
    expect(orchestrator.unexpected).toEqual([])
    await worker.stop({ pollGraceMs: 0 })
  })

  test('a test may expect a refused request', async () => {
    await using orchestrator = await startOrchestrator({ expects: ({ status }) => status === 401 })
    await (await request(`${orchestrator.url}/_worker/nowhere`)).body.dump()
  })

  test('the clock of the orchestrator times a task out', async () => {
    await using orchestrator = await startOrchestrator({ generation: 'classic', taskTimeoutMs: 300_000 })
    const { worker } = testWorker({
      url: orchestrator.url,
      variables: { WORKER_TOKEN: orchestrator.workerToken },
    })
    const running = new Promise<void>((begun) =>
      worker.task('hang', async (_params, { signal }) => {
        begun()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      }),
    )
    await worker.start()
    const { id } = await orchestrator.createJob({ task: 'hang' })
    await running
    orchestrator.advanceClock(300_000)
    expect((await orchestrator.waitForJob(id)).status).toBe('failed')
    await worker.stop({ pollGraceMs: 0 })
  })
})

test('the leak check names what was left open', async () => {
  const leaks = leakCheck()
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  await expect(leaks.check()).rejects.toMatchObject({ code: 'LEAK', leaks: ['1 × server'] })
})
