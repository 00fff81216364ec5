import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidInputError, type ObjectStore, type Worker, type WorkerOptions } from 'avtomatika-worker'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  fullName,
  OWN_FAMILIES,
  type OwnFamilyName,
  PROCESS_FAMILIES,
} from '../../../src/observability/families.js'
import {
  familiesIn,
  hasOpenMetricsParser,
  hasPromtool,
  promtoolFindings,
  samplesInOpenMetrics,
  seriesIn,
} from '../../support/exposition.js'
import { eventually } from '../../support/interop/eventually.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { gate, SECRET, testWorker } from '../../support/test-worker.js'

type Variables = NonNullable<Parameters<typeof testWorker>[0]['variables']>

const setUp = async (variables: Variables = {}, options: Omit<WorkerOptions, 'config' | 'logger'> = {}) => {
  const orchestrator = await RawOrchestrator.start()
  return { orchestrator, ...testWorker({ url: orchestrator.url, variables, ...options }) }
}

/** The value of one series, whose name is without the prefix. */
const valueIn = (text: string, series: string): number | undefined =>
  seriesIn(text).get(`avtomatika_worker_${series}`)

const read = async (worker: Worker, series: string) => valueIn(await worker.metrics.text(), series)

/** Starts the worker with its health server. */
const serve = async ({ worker, said }: Awaited<ReturnType<typeof setUp>>) => {
  const running = worker.runWithHealthCheck()
  onTestFinished(async () => {
    await worker.stop({ pollGraceMs: 0 })
    await running
  })
  await said('Health server listens')
  return (path: string, accept = '') =>
    fetch(`http://127.0.0.1:${worker.healthPort}${path}`, { headers: { accept } })
}

const allNames = [
  ...Object.keys(OWN_FAMILIES).map((name) => fullName(name as OwnFamilyName)),
  ...Object.keys(PROCESS_FAMILIES),
]

describe('the first scrape at zero load', () => {
  test('has every family with a series', async () => {
    const made = await setUp()
    made.worker.task('work', { taskType: 'cpu' }, () => {})
    const text = await (await (await serve(made))('/metrics')).text()
    expect(Object.keys(familiesIn(text))).toEqual(allNames)
    const names = new Set([...seriesIn(text).keys()].map((each) => each.replace(/\{.*/, '')))
    for (const [name, type] of Object.entries(familiesIn(text)))
      expect([name, names.has(type === 'histogram' ? `${name}_bucket` : name)]).toEqual([name, true])
  })

  test.skipIf(!hasPromtool)('promtool has nothing to say', async () => {
    const made = await setUp()
    made.worker.task('work', { taskType: 'cpu' }, () => {})
    expect(promtoolFindings(await (await (await serve(made))('/metrics')).text())).toBe('')
  })

  test('comes from a worker that was never started, and from one that has stopped', async () => {
    const { worker, orchestrator } = await setUp()
    const text = await worker.metrics.text()
    expect(Object.keys(familiesIn(text))).toEqual(allNames)
    expect(valueIn(text, 'state{state="created"}')).toBe(1)
    expect(valueIn(text, `polls_open{orchestrator="${orchestrator.url}"}`)).toBe(0)
    await worker.stop()
    expect(await read(worker, 'state{state="stopped"}')).toBe(1)
  })
})

test('/metrics answers in the format that the client prefers', async () => {
  const ask = await serve(await setUp())
  const text = await ask('/metrics?x=1', 'text/plain')
  expect(text.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(await text.text()).toContain('# TYPE avtomatika_worker_tasks_total counter')
  const open = await ask('/metrics', 'application/openmetrics-text; version=1.0.0, text/plain; q=0.5')
  expect(open.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
  expect((await open.text()).endsWith('\n# EOF\n')).toBe(true)
})

test.skipIf(!hasOpenMetricsParser)('another client reads the OpenMetrics text', async () => {
  const { worker } = await setUp()
  worker.task('work', { taskType: 'cpu' }, () => {})
  const text = await worker.metrics.text({ format: 'openmetrics' })
  expect(samplesInOpenMetrics(text)).toBe(seriesIn(text).size)
})

test('WORKER_METRICS=false turns the page off, but not worker.metrics', async () => {
  const made = await setUp({ WORKER_METRICS: false })
  const ask = await serve(made)
  expect((await ask('/metrics')).status).toBe(404)
  expect((await ask('/status')).status).toBe(200)
  expect(await read(made.worker, 'state{state="running"}')).toBe(1)
})

test('the process metrics can be left out, for a registry that has them', async () => {
  const { worker } = await setUp()
  expect(await worker.metrics.text()).toContain('\nprocess_resident_memory_bytes ')
  expect(await worker.metrics.text({ process: false })).not.toMatch(/^(process|nodejs)_/m)
})

test('no label has an id or a token, and the info names the worker', async () => {
  const { worker, orchestrator } = await setUp({ WORKER_ID: 'id-of-this-worker', WORKER_TYPE: 'gpu "big"' })
  const { opened, open } = gate()
  worker.task('work', () => opened)
  await worker.start()
  orchestrator.offer('work', {}, 'id-of-this-task')
  await eventually('the task runs', () => worker.snapshot().slots.used === 1)
  const text = await worker.metrics.text()
  expect(text).not.toMatch(/id-of-this|job of/)
  expect(text).not.toContain(SECRET)
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  expect(text).toContain(
    `info{version="${version}",node="${process.versions.node}",worker_type="gpu \\"big\\""} 1`,
  )
  open()
})

test('20 tasks and 2 orchestrators have at most 1,500 series, and 10,000 hostile names add none', async () => {
  const [first, second] = [await RawOrchestrator.start(), await RawOrchestrator.start()]
  const { worker } = testWorker({
    url: first.url,
    maxConcurrentTasks: 100,
    taskTypeLimits: { cpu: 50, gpu: 2 },
    variables: {
      ORCHESTRATORS_CONFIG: [{ url: first.url }, { url: second.url }],
      WORKER_JOURNAL: false,
      MULTI_ORCHESTRATOR_MODE: 'ROUND_ROBIN',
    },
  })
  for (let n = 0; n < 20; n++) worker.task(`task_${n}`, { taskType: n % 2 ? 'cpu' : 'gpu' }, () => {})
  await worker.start()
  const before = seriesIn(await worker.metrics.text())
  expect(before.size).toBeLessThanOrEqual(1_500)
  for (let n = 0; n < 10_000; n++) first.offer(`"\n{}\\${n}"} 1\n${n % 100 ? '' : 'x'.repeat(5_000)}`)
  await eventually('all results', () => first.calls('result').length === 10_000)
  await eventually('all answers', () => worker.snapshot().results.ended.delivered === 10_000)
  const text = await worker.metrics.text()
  expect([...seriesIn(text).keys()]).toEqual([...before.keys()])
  expect(valueIn(text, 'tasks_total{task="_other",outcome="failure"}')).toBe(10_000)
  if (hasPromtool) expect(promtoolFindings(text)).toBe('')
})

describe('counts what happens', () => {
  test('to tasks: outcomes, durations, waits and slots', async () => {
    const { worker, orchestrator } = await setUp({}, { taskTypeLimits: { gpu: 3 } })
    const { opened, open } = gate()
    worker.task('good', { taskType: 'gpu' }, () => opened)
    worker.task('bad', () => {
      throw new InvalidInputError('no')
    })
    await worker.start()
    orchestrator.offer('good')
    orchestrator.offer('bad')
    await eventually('the end of the bad one', async () => {
      const text = await worker.metrics.text()
      return valueIn(text, 'tasks_total{task="bad",outcome="failure"}') === 1
    })
    await eventually('the start of the good one', () => worker.snapshot().slots.byType['gpu']?.used === 1)
    const text = await worker.metrics.text()
    expect(valueIn(text, 'slots{type="_all"}')).toBe(10)
    expect(valueIn(text, 'slots{type="gpu"}')).toBe(3)
    expect(valueIn(text, 'slots_used{type="_all"}')).toBe(1)
    expect(valueIn(text, 'slots_used{type="gpu"}')).toBe(1)
    expect(valueIn(text, 'task_duration_seconds_count{task="bad",outcome="failure"}')).toBe(1)
    expect(valueIn(text, 'task_wait_seconds_count')).toBe(1)
    open()
    await eventually('both results', () => worker.snapshot().results.ended.delivered === 2)
    expect(await read(worker, 'tasks_total{task="good",outcome="success"}')).toBe(1)
    expect(await read(worker, 'slots_used{type="gpu"}')).toBe(0)
  })

  test('to cancelled tasks: the latency, by reason', async () => {
    const { worker, orchestrator } = await setUp()
    worker.task(
      'work',
      (_params, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
        }),
    )
    await worker.start()
    orchestrator.offer('work')
    await eventually('the handler runs', () => worker.snapshot().slots.used === 1)
    await worker.stop({ pollGraceMs: 0 })
    const text = await worker.metrics.text()
    expect(valueIn(text, 'cancel_latency_seconds_count{reason="shutdown"}')).toBe(1)
    expect(valueIn(text, 'cancel_latency_seconds_count{reason="cancelled"}')).toBe(0)
  })

  test('to requests: operations and outcomes', async () => {
    const { worker, orchestrator } = await setUp()
    orchestrator.answers('registration', { status: 503 })
    const { url } = orchestrator
    const count = (operation: string, outcome: string) =>
      read(worker, `requests_total{orchestrator="${url}",operation="${operation}",outcome="${outcome}"}`)
    await worker.start()
    await orchestrator.answered('registration')
    await eventually('a failed registration', async () => ((await count('registration', 'failed')) ?? 0) > 0)
    orchestrator.answers('registration', 'reset')
    await eventually('a broken one', async () => ((await count('registration', 'unreachable')) ?? 0) > 0)
    orchestrator.behaves('registration')
    await eventually('a good one', async () => (await count('registration', 'ok')) === 1)
    await eventually(
      'an open poll',
      async () => (await read(worker, `polls_open{orchestrator="${url}"}`)) === 1,
    )
    expect(await read(worker, `last_poll_timestamp_seconds{orchestrator="${url}"}`)).toBe(0)
    orchestrator.endPoll()
    await eventually('an answered poll', async () => ((await count('poll', 'ok')) ?? 0) > 0)
    const last = (await read(worker, `last_poll_timestamp_seconds{orchestrator="${url}"}`)) ?? 0
    expect(Math.abs(Date.now() / 1_000 - last)).toBeLessThan(60)
    await eventually('a heartbeat', async () => ((await count('heartbeat', 'ok')) ?? 0) > 0)
    orchestrator.answers('poll', { status: 404, body: {} })
    orchestrator.endPoll({ status: 404, body: {} })
    await eventually('a refused poll', async () => ((await count('poll', 'refused')) ?? 0) > 0)
    expect(await read(worker, 'registrations_total')).toBe(1)
  })

  test('to results: deliveries, dead letters, and those that wait', async () => {
    const folder = temporaryFolder()
    const { worker, orchestrator } = await setUp({ WORKER_STATE_DIR: folder })
    worker.task('work', () => {})
    await worker.start()
    orchestrator.answers('result', { status: 409, body: {} })
    orchestrator.offer('work')
    await eventually('a dead letter', async () => (await read(worker, 'dead_letters')) === 1)
    expect(await read(worker, 'results_total{outcome="refused"}')).toBe(1)
    // As `avtomatika-worker outbox` does, in another process.
    await rm(join(folder, 'dead-letters'), { recursive: true })
    expect(await read(worker, 'dead_letters')).toBe(0)
    orchestrator.answers('result', 'hold')
    orchestrator.offer('work')
    await eventually('a result that waits', async () => (await read(worker, 'undelivered_results')) === 1)
    await eventually('its age', async () => ((await read(worker, 'undelivered_oldest_seconds')) ?? 0) > 0)
    expect(await read(worker, 'result_delivery_seconds_count')).toBe(1)
    expect(await read(worker, 'journal_writes_total')).toBeGreaterThan(0)
    expect(await read(worker, 'journal_bytes')).toBeGreaterThan(0)
  })

  test('to orchestrators: outages and failovers', async () => {
    const [first, second] = [await RawOrchestrator.start(), await RawOrchestrator.start()]
    const variables = { ORCHESTRATORS_CONFIG: [{ url: first.url }, { url: second.url, priority: 20 }] }
    const { worker } = testWorker({ url: first.url, variables })
    await worker.start()
    await first.next('poll')
    const { url } = first
    expect(await read(worker, `orchestrator_up{orchestrator="${url}"}`)).toBe(1)
    await first.close()
    await second.next('poll')
    const text = await worker.metrics.text()
    expect(valueIn(text, `orchestrator_up{orchestrator="${url}"}`)).toBe(0)
    expect(valueIn(text, `orchestrator_up{orchestrator="${second.url}"}`)).toBe(1)
    expect(valueIn(text, 'failovers_total')).toBe(1)
    expect(valueIn(text, 'registrations_total')).toBe(2)
  })

  test('to the worker: what keeps tasks away', async () => {
    const { worker } = await setUp({}, { capacityChecker: () => false })
    await worker.start()
    expect(await read(worker, 'obstacle{cause="no_capacity"}')).toBe(1)
    expect(await read(worker, 'obstacle{cause="paused"}')).toBe(0)
    worker.pause()
    expect(await read(worker, 'obstacle{cause="paused"}')).toBe(1)
    worker.resume()
    expect(await read(worker, 'obstacle{cause="paused"}')).toBe(0)
    const causes = [...(await worker.metrics.text()).matchAll(/obstacle\{cause="(\w+)"/g)].map(
      ([, cause]) => cause,
    )
    expect(OWN_FAMILIES.obstacle.help).toContain(causes.map((cause) => `\`${cause}\``).join(', '))
  })

  test('to files of the object store: bytes and errors, by direction', async () => {
    const store: ObjectStore = {
      async *list() {},
      download: async () => {
        throw new Error('the store is away')
      },
      upload: async () => ({ size: 1_234 }),
    }
    const { worker, orchestrator } = await setUp({}, { objectStore: store })
    worker.task('push', async (_params, { files }) => {
      await files.write('out.txt', 'x')
      return { data: { file: await files.pathTo('out.txt') } }
    })
    worker.task('fetch', () => {})
    await worker.start()
    orchestrator.offer('push')
    orchestrator.offer('fetch', { file: 's3://bucket/key' })
    await eventually('both ends', () => worker.snapshot().results.ended.delivered === 2)
    const text = await worker.metrics.text()
    expect(valueIn(text, 'storage_bytes_total{direction="upload"}')).toBe(1_234)
    expect(valueIn(text, 'storage_errors_total{direction="download"}')).toBe(1)
    expect(valueIn(text, 'storage_errors_total{direction="upload"}')).toBe(0)
  })

  test('the lag of the event loop from the first scrape on, and no sooner', async () => {
    const { worker } = await setUp()
    expect(await read(worker, 'event_loop_lag_seconds_count')).toBe(0)
    await eventually(
      'a measurement',
      async () => ((await read(worker, 'event_loop_lag_seconds_count')) ?? 0) > 2,
    )
    const end = performance.now() + 300
    while (performance.now() < end);
    await eventually(
      'the blocked loop',
      async () => ((await read(worker, 'event_loop_lag_seconds{quantile="1"}')) ?? 0) > 0.2,
    )
  })
})
