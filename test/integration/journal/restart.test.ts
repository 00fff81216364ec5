import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { GENERATIONS, TAKES_NOTHING } from '../../support/generations.js'
import { eventually } from '../../support/interop/eventually.js'
import { setUp as setUpFor, startAfterCrash } from './set-up.js'
import { StandIn } from './stand-in.js'
import { WorkerProcess } from './worker-process.js'

describe.each(GENERATIONS)('with an orchestrator of the generation %s', (generation) => {
  const setUp = (more?: NodeJS.ProcessEnv) => setUpFor(generation, more)

  describe.each([['never'], ['always']])('a worker that is killed, with WORKER_JOURNAL_SYNC=%s', (sync) => {
    test('leaves its undelivered results to the next worker, which delivers each once', async () => {
      const { standIn, start } = await setUp({ WORKER_JOURNAL_SYNC: sync })
      standIn.resultAnswer = 'never'
      const first = await start()
      const ids = [standIn.offer('echo', { n: 1 }), standIn.offer('echo', { n: 2 })]
      for (const id of ids) await standIn.delivered(id)
      await first.kill()

      standIn.deliveries.length = 0
      standIn.resultAnswer = 200
      const second = await start()
      for (const [at, id] of ids.entries()) {
        expect(await standIn.delivered(id)).toMatchObject([
          { worker_id: 'w1', result: { status: 'success', data: { n: at + 1 } } },
        ])
        await second.says(`delivered ${id}`)
      }
      await second.kill()

      const third = await start()
      const last = standIn.offer('echo')
      await third.says(`delivered ${last}`)
      expect(standIn.deliveries.map(({ task_id }) => task_id).sort()).toEqual([...ids, last].sort())
    })

    test('has its running tasks handed back by the next worker', async () => {
      const { standIn, start } = await setUp({ WORKER_JOURNAL_SYNC: sync })
      const first = await start()
      const id = standIn.offer('hang')
      await first.says(`hangs ${id}`)
      await first.kill()

      const second = await start()
      expect(await standIn.delivered(id)).toMatchObject([
        {
          worker_id: 'w1',
          result: {
            status: 'failure',
            error: { code: 'TRANSIENT_ERROR', message: 'The worker restarted before the task ended' },
          },
        },
      ])
      // The orchestrator then looks for an idle worker, so this one must be registered.
      expect(standIn.registrations.length).toBe(2)
      await second.says(`delivered ${id}`)
    })
  })

  test('a task is in the journal before its handler runs, even if the handler kills the process', async () => {
    const { standIn, start } = await setUp()
    const first = await start()
    const id = standIn.offer('die')
    await first.ended()
    await start()
    expect(await standIn.delivered(id)).toMatchObject([
      { result: { error: { message: 'The worker restarted before the task ended' } } },
    ])
  })

  test('a result of the earlier worker waits until the orchestrator has shown its generation', async () => {
    const { standIn, start } = await setUp()
    standIn.resultAnswer = 'never'
    const first = await start()
    const id = standIn.offer('echo', { n: 1 })
    await standIn.delivered(id)
    await first.kill()
    standIn.deliveries.length = 0
    standIn.resultAnswer = 200
    standIn.showsGeneration = false
    standIn.generationProbes = 0
    await start()
    await eventually('the worker has asked for the generation', () => standIn.generationProbes > 2)
    expect(standIn.deliveries).toEqual([])
    standIn.showsGeneration = true
    expect(await standIn.delivered(id)).toMatchObject([{ result: { status: 'success', data: { n: 1 } } }])
  })

  test('a result that is refused for good becomes a dead letter, and is not sent again', async () => {
    const { standIn, folder, start } = await setUp()
    standIn.resultAnswer = 404
    const first = await start()
    const id = standIn.offer('echo', { n: 1 })
    await first.says(`dead ${id}`)
    await first.kill()
    const text = readFileSync(join(folder, 'dead-letters', `${id}.json`), 'utf8')
    expect(JSON.parse(text)).toMatchObject({
      version: 1,
      from: standIn.url,
      status: 404,
      reason: expect.stringContaining('Job not found'),
      result: {
        taskId: id,
        jobId: `job-of-${id}`,
        workerId: 'w1',
        outcome: { kind: 'value', data: { n: 1 } },
      },
    })

    standIn.resultAnswer = 200
    const second = await start()
    const next = standIn.offer('echo')
    await second.says(`delivered ${next}`)
    expect(await standIn.delivered(id)).toHaveLength(1)
  })

  test('results for an orchestrator that is not configured any more become dead letters', async () => {
    const { standIn, folder, start } = await setUp()
    standIn.resultAnswer = 'never'
    const first = await start()
    const id = standIn.offer('echo')
    await standIn.delivered(id)
    await first.kill()
    const other = await StandIn.start(generation)
    const second = await WorkerProcess.start({
      ORCHESTRATOR_URL: other.url,
      WORKER_ID: 'w1',
      WORKER_STATE_DIR: folder,
    })
    const next = other.offer('echo')
    await second.says(`delivered ${next}`)
    await eventually('the dead letter is written', () =>
      existsSync(join(folder, 'dead-letters', `${id}.json`)),
    )
    expect(other.deliveries).toHaveLength(1)
  })

  test('while the orchestrator may hold a poll of the killed worker, the next one takes no tasks under that id', async () => {
    const { standIn, start } = await setUp({ WORKER_POLL_FENCE: 'on', TASK_POLL_TIMEOUT: '60' })
    standIn.holdMs = 1_000
    const first = await start()
    await eventually('a poll is open', () => standIn.openPolls > 0)
    await first.kill()
    standIn.heartbeats.length = 0
    const second = await start()
    await eventually('a heartbeat', () => standIn.lastHeartbeat('w1'))
    expect(standIn.heartbeats.find(({ worker_id }) => worker_id === 'w1')).toMatchObject({
      status: TAKES_NOTHING[generation],
    })
    await eventually('the fence has ended', () => standIn.lastHeartbeat('w1')?.['status'] === 'idle')
    const id = standIn.offer('echo')
    await second.says(`delivered ${id}`)
  })

  test('a second process with the same state directory is refused, and the first one goes on', async () => {
    const { standIn, folder, start } = await setUp()
    const first = await start()
    const second = await start()
    const [line] = second.lines
    expect(line).toContain('refused ConfigError')
    expect(line).toContain(`WORKER_STATE_DIR = ${folder}`)
    await second.ended()
    const id = standIn.offer('echo')
    await first.says(`delivered ${id}`)
  })

  test('without a journal the state directory stays empty', async () => {
    const { standIn, folder, start } = await setUp({ WORKER_JOURNAL: 'off' })
    const worker = await start()
    const id = standIn.offer('echo')
    await worker.says(`delivered ${id}`)
    expect(readdirSync(folder)).toEqual([])
  })
})

test('an unfinished task goes back only after the worker has registered', async () => {
  const standIn = await StandIn.start()
  standIn.registrationAnswer = 503
  await startAfterCrash({
    generation: 'classic',
    standIn,
    entries: (from) => [
      { fact: 'accepted', from, jobId: 'j', workerId: 'w1', taskId: 't1', taskName: 'echo' },
    ],
  })
  await eventually('a registration', () => standIn.registrations.length === 1)
  // This answer shows that the orchestrator works again, although the worker is not registered.
  standIn.registrationAnswer = 429
  const tries = async (count: number) =>
    eventually(`${count} registrations`, async () => {
      await vi.advanceTimersByTimeAsync(100)
      return standIn.registrations.length >= count
    })
  await tries(2)
  standIn.registrationAnswer = 200
  await tries(3)
  await standIn.delivered('t1')
  expect(standIn.registrationsAtDelivery).toEqual([3])
})

/** Such a worker gives up its poll when the orchestrator knows that it takes no tasks, not before. */
const IN_ORDER = { WORKER_POLL_FENCE: 'on', POLL_GRACE_MS: '60000', WORKER_SHUTDOWN_TIMEOUT: '60' }

test.each(GENERATIONS)(
  '§1.7.5 a worker that was told to end leaves its poll to a fence, again and again, and each successor has a standby (%s)',
  async (generation) => {
    const { standIn, start } = await setUpFor(generation, IN_ORDER)
    const told = async (id: string) => {
      await eventually(`${id} takes tasks`, () => standIn.lastHeartbeat(id)?.['status'] === 'idle')
      await standIn.untilPoll(id)
    }
    const first = await start()
    await told('w1')
    await first.stop()
    for (const standby of ['w1-standby', 'w1-standby-2', 'w1-standby-3']) {
      standIn.heartbeats.length = 0
      const successor = await start()
      await told(standby)
      const id = standIn.offer('echo', {}, standby)
      await successor.says(`delivered ${id}`)
      await standIn.untilHeartbeat('w1', TAKES_NOTHING[generation])
      await successor.stop()
    }
  },
)

test('§3.1.22 §3.1.23 in the second generation a worker with a fence does not say idle by a registration, and takes its skills back at its end', async () => {
  const { standIn, start } = await setUpFor('rxon', IN_ORDER)
  const first = await start()
  await standIn.untilPoll('w1')
  await first.stop()
  expect(standIn.lastHeartbeat('w1')).toMatchObject({ status: 'offline', supported_skills: [] })
  expect(standIn.lastHeartbeat('w1')).not.toHaveProperty('skills_hash')
  standIn.registrations.length = 0
  standIn.heartbeats.length = 0
  await start()
  await standIn.untilHeartbeat('w1', 'offline')
  expect(standIn.registrations.map(({ worker_id }) => worker_id)).toEqual(['w1-standby'])
  await eventually('it has no skills', () => standIn.lastHeartbeat('w1')?.['supported_skills'])
  expect(standIn.lastHeartbeat('w1')).toMatchObject({ status: 'offline', supported_skills: [] })
  expect(standIn.lastHeartbeat('w1')).not.toHaveProperty('skills_hash')
})
