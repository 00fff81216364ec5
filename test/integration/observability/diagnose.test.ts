import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Diagnosis, Worker } from 'avtomatika-worker'
import { startOrchestrator } from 'avtomatika-worker/dev'
import { describe, expect, onTestFinished, test } from 'vitest'
import { encodeEntries } from '../../../src/journal/record.js'
import { fullDisk } from '../../support/failing-disk.js'
import { eventually } from '../../support/interop/eventually.js'
import { nextEvent } from '../../support/next-event.js'
import { type Call, RawOrchestrator } from '../../support/raw-orchestrator.js'
import { NO_DISK, smallDisk } from '../../support/small-disk.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { gate, SECRET, testWorker } from '../../support/test-worker.js'

type Setup = Omit<Parameters<typeof testWorker>[0], 'url'>

const setUp = async (setup: Setup = {}) => {
  const orchestrator = await RawOrchestrator.start()
  return { orchestrator, ...testWorker({ url: orchestrator.url, ...setup }) }
}

const codesOf = async (worker: Worker, noTaskForMs?: number): Promise<readonly string[]> =>
  (await worker.diagnose(noTaskForMs === undefined ? {} : { noTaskForMs })).map(({ code }) => code)

/** Whether the metrics name the same cause, if it is one in the worker itself and concerns all tasks. */
const isMetric = async (worker: Worker, { code, cause }: Diagnosis): Promise<boolean> => {
  if (cause.startsWith('Tasks of the type')) return true
  const text = await worker.metrics.text()
  const series = `avtomatika_worker_obstacle{cause="${code}"}`
  return !text.includes(series) || text.includes(`${series} 1\n`)
}

/** Waits until the cause is found. Each cause has to say everything that a person needs. */
const untilFound = (worker: Worker, code: Diagnosis['code'], noTaskForMs = 300_000): Promise<Diagnosis> =>
  eventually(
    `the cause ${code}`,
    async () => {
      const all = await worker.diagnose({ noTaskForMs })
      const found = all.find((each) => each.code === code)
      if (!found) return undefined
      for (const text of [found.cause, found.evidence, found.remedy]) expect(text).toMatch(/^["A-Zh0-9].*\.$/)
      expect(JSON.stringify(all)).not.toContain(SECRET)
      return (await isMetric(worker, found)) ? found : undefined
    },
    {},
    () => worker.readiness,
  )

const block = (ms: number): void => {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test('a worker that gets tasks has no cause', async () => {
  const { worker, orchestrator } = await setUp()
  worker.task('work', () => {})
  await worker.start()
  orchestrator.offer('work')
  await eventually('a delivered result', () => worker.snapshot().results.ended.delivered === 1)
  expect(await worker.diagnose()).toEqual([])
})

describe('the worker itself', () => {
  test('was not started, drains, has stopped', async () => {
    const { worker, orchestrator } = await setUp({ variables: { WORKER_SHUTDOWN_TIMEOUT: 60 } })
    const { opened, open } = gate()
    worker.task('work', () => opened)
    expect(await codesOf(worker)).toEqual(['not_started'])
    await worker.start()
    orchestrator.offer('work')
    await eventually('the task runs', () => worker.snapshot().slots.used === 1)
    const stopped = worker.stop({ pollGraceMs: 0 })
    expect(await codesOf(worker)).toEqual(['draining'])
    open()
    await stopped
    expect(await codesOf(worker)).toEqual(['stopped'])
  })

  test('blocks its event loop', async () => {
    const { worker, orchestrator } = await setUp()
    worker.task('compute', () => block(1_500))
    await worker.start()
    await worker.diagnose()
    const blocked = nextEvent(worker, 'eventLoopBlocked')
    orchestrator.offer('compute')
    await blocked
    const [first] = await worker.diagnose()
    expect(first).toMatchObject({
      code: 'event_loop_blocked',
      evidence: expect.stringMatching(/^It was blocked for \d\.\d s; handlers that ran: "compute"\.$/),
    })
  })

  test('has too many results that no orchestrator takes', async () => {
    const { worker, orchestrator } = await setUp({ maxConcurrentTasks: 100 })
    worker.task('work', () => {})
    orchestrator.answers('result', 'hold')
    await worker.start()
    for (let n = 0; n < 1_200; n++) orchestrator.offer('work')
    const { evidence } = await untilFound(worker, 'results_waiting')
    expect(evidence).toMatch(/^1\d\d\d results wait, the oldest for \d+ s\.$/)
  })

  test('cannot write its journal', async () => {
    const { worker, orchestrator } = await setUp()
    worker.task('work', () => {})
    await worker.start()
    await orchestrator.next('poll')
    const heal = fullDisk()
    orchestrator.offer('work')
    expect((await untilFound(worker, 'journal_trouble')).evidence).toContain('ENOSPC')
    heal()
  })

  test('has a full disk for files', async (context) => {
    const disk = smallDisk(512)
    if (disk === undefined) return context.skip(NO_DISK)
    const { worker, orchestrator } = await setUp({ variables: { TASK_FILES_DIR: disk } })
    worker.task('fill', (_params, { files }) => files.write('big', Buffer.alloc(1_048_576)))
    await worker.start()
    orchestrator.offer('fill')
    expect((await untilFound(worker, 'disk_full')).evidence).toContain(disk)
  })

  test('has no free slot, and says which tasks have them', async () => {
    const { worker, orchestrator } = await setUp({ maxConcurrentTasks: 2 })
    const { opened, open } = gate()
    worker.task('slow', () => opened)
    await worker.start()
    orchestrator.offer('slow')
    orchestrator.offer('slow')
    const { evidence } = await untilFound(worker, 'no_free_slot')
    expect(evidence).toBe('2 of 2 handlers run (slow: 2); 0 tasks wait.')
    open()
  })

  test('is paused, or one of its types is', async () => {
    const { worker } = await setUp()
    worker.task('paint', { taskType: 'gpu' }, () => {})
    await worker.start()
    worker.pause()
    await untilFound(worker, 'paused')
    worker.resume()
    worker.pause('gpu')
    expect((await untilFound(worker, 'paused')).remedy).toBe('Call worker.resume("gpu").')
    worker.resume('gpu')
    await eventually('nothing is wrong', async () => (await codesOf(worker)).length === 0)
  })

  test('has no capacity', async () => {
    let hasCapacity = false
    const { worker } = await setUp({ capacityChecker: () => hasCapacity })
    worker.task('paint', () => {})
    await worker.start()
    await untilFound(worker, 'no_capacity')
    hasCapacity = true
    await eventually('nothing is wrong', async () => (await codesOf(worker)).length === 0)
  })

  test('has reached the limit of a type', async () => {
    const { worker, orchestrator } = await setUp({ taskTypeLimits: { gpu: 1, cpu: 5 } })
    const { opened, open } = gate()
    worker.task('paint', { taskType: 'gpu' }, () => opened)
    await worker.start()
    orchestrator.offer('paint')
    await untilFound(worker, 'type_limit_reached')
    orchestrator.offer('paint')
    await eventually('one waits', () => worker.snapshot().slots.waiting === 1)
    const found = await worker.diagnose()
    expect(found).toMatchObject([
      {
        code: 'type_limit_reached',
        cause: expect.stringContaining('"gpu"'),
        evidence: expect.stringMatching(/^1 of 1 .*1 tasks wait/),
      },
    ])
    open()
  })

  test('may have a poll of its crashed predecessor, and no standby may register', async () => {
    const { orchestrator, worker } = await (async () => {
      const server = await RawOrchestrator.start()
      const folder = temporaryFolder()
      const openedAtMs = Date.now()
      const held = { fact: 'polled', from: server.url, workerId: 'w1', openedAtMs, holdMs: 30_000 } as const
      writeFileSync(join(folder, 'journal.log'), encodeEntries([held]))
      server.answers('registration', ({ body }: Call) =>
        body.worker_id === 'w1' ? { body: { status: 'registered' } } : { status: 401, body: {} },
      )
      return {
        orchestrator: server,
        ...testWorker({ url: server.url, variables: { WORKER_STATE_DIR: folder } }),
      }
    })()
    worker.task('work', () => {})
    await worker.start()
    await orchestrator.next('registration')
    expect((await untilFound(worker, 'held_off')).evidence).toMatch(/poll of an earlier worker/)
  })
})

describe('an orchestrator', () => {
  test.each(['registration', 'poll'] as const)('refuses the token of a %s', async (kind) => {
    const { worker, orchestrator } = await setUp()
    orchestrator.answers(kind, { status: 401, body: {} })
    await worker.start()
    const found = await untilFound(worker, 'token_refused')
    expect(found).toMatchObject({
      orchestrator: orchestrator.url,
      evidence: `The last ${kind} failed: token refused (401).`,
      remedy: expect.stringContaining('WORKER_TOKEN'),
    })
  })

  test.each([
    ['classic', 'rxon'],
    ['rxon', 'classic'],
  ] as const)('is of the generation %s, and the worker is set to %s', async (generation, protocol) => {
    const orchestrator = await startOrchestrator({ generation, workerToken: SECRET })
    onTestFinished(() => orchestrator.close())
    const { worker } = testWorker({ url: orchestrator.url, variables: { ORCHESTRATOR_PROTOCOL: protocol } })
    worker.task('work', () => {})
    await worker.start()
    const { evidence, remedy } = await untilFound(worker, 'wrong_generation')
    expect(evidence).toContain(`ORCHESTRATOR_PROTOCOL is ${protocol}.`)
    expect(remedy).toContain('ORCHESTRATOR_PROTOCOL=auto')
  })

  test('cannot sign its tasks, but the worker has a key', async () => {
    const orchestrator = await startOrchestrator({ generation: 'classic', workerToken: SECRET })
    onTestFinished(() => orchestrator.close())
    const variables = { ORCHESTRATOR_PROTOCOL: 'auto', ORCHESTRATOR_SECRET_KEY: `${SECRET}-key` } as const
    const { worker } = testWorker({ url: orchestrator.url, variables })
    await worker.start()
    const { remedy } = await untilFound(worker, 'wrong_generation')
    expect(remedy).toContain('ORCHESTRATOR_SECRET_KEY')
  })

  test.each(['poll', 'registration'] as const)('limits the rate of a %s', async (kind) => {
    const { worker, orchestrator } = await setUp()
    orchestrator.answers(kind, { status: 429, body: {}, headers: { 'retry-after': '120' } })
    await worker.start()
    const { evidence } = await untilFound(worker, 'rate_limited')
    expect(evidence).toMatch(new RegExp(`^A ${kind} was refused with status 429 .* may go in 1[12]\\d s\\.$`))
    expect(await codesOf(worker)).toEqual(['rate_limited'])
  })

  test('is not there', async () => {
    const { worker, orchestrator, said } = await setUp()
    const { url } = orchestrator
    await orchestrator.close()
    await worker.start()
    await said('Registration failed')
    const found = await untilFound(worker, 'not_registered')
    expect(found).toMatchObject({ orchestrator: url, evidence: expect.stringContaining('ECONNREFUSED') })
  })

  test('has not answered the registration yet', async () => {
    const { worker, orchestrator } = await setUp()
    orchestrator.answers('registration', 'hold')
    await worker.start()
    await orchestrator.next('registration')
    expect((await untilFound(worker, 'not_registered')).evidence).toContain('not been answered yet')
  })

  test('fails the polls', async () => {
    const { worker, orchestrator } = await setUp()
    orchestrator.answers('poll', { status: 500, body: {} })
    await worker.start()
    expect((await untilFound(worker, 'polls_failing')).evidence).toContain('status 500')
  })

  test('has another clock', async () => {
    const { worker, orchestrator } = await setUp()
    const date = new Date(Date.now() - 600_000).toUTCString()
    orchestrator.answers('registration', { body: { status: 'registered' }, headers: { date } })
    await worker.start()
    expect((await untilFound(worker, 'clock_skew')).evidence).toMatch(/is (59\d|60\d) s behind\.$/)
  })

  test('offers tasks that nobody has registered', async () => {
    const { worker, orchestrator } = await setUp()
    worker.task('resize', () => {})
    await worker.start()
    orchestrator.offer('resise')
    orchestrator.offer('resise')
    await eventually('both ends', () => worker.snapshot().results.ended.delivered === 2)
    expect(await untilFound(worker, 'unknown_task_names')).toMatchObject({
      evidence: 'Offered: "resise" (2). Registered: resize.',
    })
  })

  test('answers polls and gives no tasks', async () => {
    const { worker, orchestrator } = await setUp()
    worker.task('work', () => {})
    await worker.start()
    await orchestrator.next('poll')
    expect(await codesOf(worker, 0)).toEqual([])
    orchestrator.endPoll()
    const { evidence } = await untilFound(worker, 'no_task_dispatched', 0)
    expect(evidence).toMatch(/The last poll was answered \d+ s ago; .*Registered tasks: work\.$/)
    expect(await codesOf(worker)).toEqual([])
  })

  test('is not in use: another one has the higher priority, or replaces it', async () => {
    const [first, second] = [await RawOrchestrator.start(), await RawOrchestrator.start()]
    const variables = { ORCHESTRATORS_CONFIG: [{ url: first.url }, { url: second.url, priority: 20 }] }
    const { worker } = testWorker({ url: first.url, variables })
    const [higher, lower] = [first.url, second.url]
    await worker.start()
    await first.next('poll')
    expect(await untilFound(worker, 'other_orchestrator_in_use')).toMatchObject({
      orchestrator: lower,
      evidence: `${higher} is in use. It has a higher priority and works.`,
    })
    await first.close()
    await second.next('poll')
    expect(await untilFound(worker, 'other_orchestrator_in_use')).toMatchObject({
      orchestrator: higher,
      evidence: `${lower} is in use because ${higher}, which has a higher priority, has failed.`,
    })
  })
})

test('the most decisive cause comes first', async () => {
  const { worker, orchestrator } = await setUp({ maxConcurrentTasks: 1 })
  const { opened, open } = gate()
  worker.task('slow', () => opened)
  await worker.start()
  orchestrator.offer('nobody')
  await eventually('its end', () => worker.snapshot().results.ended.delivered === 1)
  orchestrator.offer('slow')
  await eventually('the slot is taken', () => worker.snapshot().slots.used === 1)
  expect(await codesOf(worker)).toEqual(['no_free_slot', 'unknown_task_names'])
  open()
})
