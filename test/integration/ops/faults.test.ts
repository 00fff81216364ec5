import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../support/interop/eventually.js'
import { alertRules } from '../../support/ops-files.js'
import { hasPrometheus, type Prometheus } from '../../support/prometheus.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { gate } from '../../support/test-worker.js'
import { servedWorker, watching, workerProcess } from './set-up.js'

if (!hasPrometheus) console.log('ops: no prometheus, so no alert fires (Debian package prometheus)')

describe.skipIf(!hasPrometheus)('a real fault of a real worker, seen by Prometheus:', () => {
  let prometheus: Prometheus
  let nextPort: () => number

  beforeAll(async () => {
    ;({ prometheus, nextPort } = await watching(13))
  })
  afterAll(() => prometheus.stop())

  /** A worker that is not started yet, and its label. */
  const workerOf = (url: string, setup?: Parameters<typeof servedWorker>[2]) => {
    const port = nextPort()
    return { ...servedWorker(url, port, setup), instance: `127.0.0.1:${port}` }
  }

  test('an orchestrator that is gone fires AvtomatikaOrchestratorDown until it is back', async () => {
    const orchestrator = await RawOrchestrator.start()
    const { port, url } = orchestrator
    await workerOf(url).serve(prometheus)
    await orchestrator.next('poll')
    await prometheus.isQuiet('AvtomatikaOrchestratorDown', { orchestrator: url })
    await orchestrator.close()
    const { labels, annotations } = await prometheus.fires('AvtomatikaOrchestratorDown', {
      orchestrator: url,
    })
    expect(labels['severity']).toBe('critical')
    expect(annotations['description']).toBe('The orchestrator does not work for 1 of the workers.')
    await RawOrchestrator.start(port)
    await prometheus.isQuiet('AvtomatikaOrchestratorDown', { orchestrator: url })
  })

  test('a frozen process fires AvtomatikaWorkerDown until it goes on', async () => {
    const orchestrator = await RawOrchestrator.start()
    const port = nextPort()
    const instance = `127.0.0.1:${port}`
    const pid = await workerProcess(orchestrator.url, port, prometheus)
    await prometheus.isQuiet('AvtomatikaWorkerDown', { instance })
    process.kill(pid, 'SIGSTOP')
    await prometheus.fires('AvtomatikaWorkerDown', { instance })
    process.kill(pid, 'SIGCONT')
    await prometheus.isQuiet('AvtomatikaWorkerDown', { instance })
  })

  test('a token that is refused fires AvtomatikaWorkerNotReady until it is accepted', async () => {
    const orchestrator = await RawOrchestrator.start()
    orchestrator.answers('registration', { status: 503, body: {} })
    const { serve, instance } = workerOf(orchestrator.url)
    await serve(prometheus)
    await prometheus.fires('AvtomatikaWorkerNotReady', { instance })
    orchestrator.behaves('registration')
    await prometheus.isQuiet('AvtomatikaWorkerNotReady', { instance })
  })

  test('polls that nobody answers fire AvtomatikaWorkerNotPolling, although heartbeats are answered', async () => {
    const orchestrator = await RawOrchestrator.start()
    orchestrator.answers('poll', 'hold')
    const { worker, serve, instance } = workerOf(orchestrator.url, { variables: { TASK_POLL_TIMEOUT: 600 } })
    await serve(prometheus)
    await prometheus.fires('AvtomatikaWorkerNotPolling', { instance })
    expect(worker.readiness).toEqual({ ready: true })
    expect(orchestrator.calls('heartbeat').length).toBeGreaterThan(0)
  })

  test('a first orchestrator that fails fires AvtomatikaWorkerFailover', async () => {
    const [first, second] = [await RawOrchestrator.start(), await RawOrchestrator.start()]
    const variables = { ORCHESTRATORS_CONFIG: [{ url: first.url }, { url: second.url, priority: 20 }] }
    const { serve, instance } = workerOf(first.url, { variables })
    await serve(prometheus)
    await first.next('poll')
    await first.close()
    await second.next('poll')
    await prometheus.fires('AvtomatikaWorkerFailover', { instance })
  })

  test('results that pile up fire AvtomatikaWorkerResultsWaiting until they are delivered', async () => {
    const orchestrator = await RawOrchestrator.start()
    const { port } = orchestrator
    const { worker, serve, instance } = workerOf(orchestrator.url)
    const { opened, open } = gate()
    worker.task('work', () => opened)
    await serve(prometheus)
    for (let n = 0; n < 8; n++) orchestrator.offer('work')
    await eventually('the tasks run', () => worker.snapshot().slots.used === 8)
    await orchestrator.close()
    open()
    await eventually('results wait', () => worker.snapshot().results.undelivered === 8)
    await prometheus.fires('AvtomatikaWorkerResultsWaiting', { instance })
    await RawOrchestrator.start(port)
    // First: a scrape that comes too late on a busy machine ends the alert for a moment.
    await eventually('all is delivered', () => worker.snapshot().results.ended.delivered === 8)
    await prometheus.isQuiet('AvtomatikaWorkerResultsWaiting', { instance })
  })

  test('a result that is refused for good fires AvtomatikaWorkerDeadLetters until it is dropped', async () => {
    const orchestrator = await RawOrchestrator.start()
    orchestrator.answers('result', { status: 409, body: {} })
    const folder = temporaryFolder()
    const { worker, serve, instance } = workerOf(orchestrator.url, {
      variables: { WORKER_STATE_DIR: folder },
    })
    worker.task('work', () => {})
    await serve(prometheus)
    orchestrator.offer('work')
    await eventually('a dead letter', () => worker.snapshot().results.deadLetters === 1)
    await prometheus.fires('AvtomatikaWorkerDeadLetters', { instance })
    // As "avtomatika-worker outbox drop" does.
    await rm(join(folder, 'dead-letters'), { recursive: true })
    await prometheus.isQuiet('AvtomatikaWorkerDeadLetters', { instance })
  })

  test('so does one of a worker without a journal, which keeps no dead letters', async () => {
    const orchestrator = await RawOrchestrator.start()
    orchestrator.answers('result', { status: 409, body: {} })
    const { worker, serve, instance } = workerOf(orchestrator.url, { variables: { WORKER_JOURNAL: false } })
    worker.task('work', () => {})
    await serve(prometheus)
    orchestrator.offer('work')
    await prometheus.fires('AvtomatikaWorkerDeadLetters', { instance })
    expect(worker.snapshot().results.deadLetters).toBe(0)
  })

  test('tasks that fail fire AvtomatikaWorkerTasksFailing with their name', async () => {
    const orchestrator = await RawOrchestrator.start()
    const { worker, serve } = workerOf(orchestrator.url)
    worker.task('good', () => {})
    worker.task('bad', () => {
      throw new Error('no')
    })
    await serve(prometheus)
    for (let n = 0; n < 20; n++) orchestrator.offer(n % 2 ? 'good' : 'bad')
    await prometheus.fires('AvtomatikaWorkerTasksFailing', { task: 'bad' })
    await prometheus.isQuiet('AvtomatikaWorkerTasksFailing', { task: 'good' })
  })

  test('slots that are all in use fire AvtomatikaWorkerSlotsExhausted until one is free', async () => {
    const orchestrator = await RawOrchestrator.start()
    const { worker, serve, instance } = workerOf(orchestrator.url, { maxConcurrentTasks: 2 })
    const { opened, open } = gate()
    worker.task('long', () => opened)
    await serve(prometheus)
    orchestrator.offer('long')
    orchestrator.offer('long')
    await prometheus.fires('AvtomatikaWorkerSlotsExhausted', { instance, type: '_all' })
    await prometheus.isQuiet('AvtomatikaWorkerSlotsExhausted', { instance, type: 'long' })
    open()
    await prometheus.isQuiet('AvtomatikaWorkerSlotsExhausted', { instance })
  })

  test('a handler that blocks the event loop fires AvtomatikaWorkerEventLoopBlocked', async () => {
    const orchestrator = await RawOrchestrator.start()
    const { worker, serve, instance } = workerOf(orchestrator.url)
    worker.task('blocks', () => {
      const end = performance.now() + 1_800
      while (performance.now() < end);
    })
    await serve(prometheus)
    orchestrator.offer('blocks')
    await prometheus.fires('AvtomatikaWorkerEventLoopBlocked', { instance })
  })

  test('an object store that is away fires AvtomatikaWorkerStorageFailing', async () => {
    const orchestrator = await RawOrchestrator.start()
    const store = await RawOrchestrator.start()
    const { url } = store
    await store.close()
    const { worker, serve, instance } = workerOf(orchestrator.url, {
      variables: {
        S3_ENDPOINT_URL: url,
        S3_ACCESS_KEY: 'a',
        S3_SECRET_KEY: 's',
        S3_RETRY_MAX_SECONDS: 0,
        TASK_FILES_DIR: temporaryFolder(),
      },
    })
    worker.task('fetch', () => {})
    await serve(prometheus)
    orchestrator.offer('fetch', { file: 's3://bucket/key' })
    await prometheus.fires('AvtomatikaWorkerStorageFailing', { instance, direction: 'download' })
  })

  test('a promise that a handler forgets fires AvtomatikaWorkerStrayRejections', async () => {
    const orchestrator = await RawOrchestrator.start()
    const port = nextPort()
    await workerProcess(orchestrator.url, port, prometheus)
    orchestrator.offer('stray')
    await prometheus.fires('AvtomatikaWorkerStrayRejections', { instance: `127.0.0.1:${port}` })
  })
})

test('each alert is fired by a real fault', () => {
  const text = ['faults', 'full-disk']
    .map((name) => readFileSync(new URL(`${name}.test.ts`, import.meta.url), 'utf8'))
    .join('')
  const fired = new Set([...text.matchAll(/prometheus\.fires\('(\w+)'/g)].map(([, name]) => name))
  expect(alertRules.map(({ alert }) => alert).filter((name) => !fired.has(name))).toEqual([])
})
