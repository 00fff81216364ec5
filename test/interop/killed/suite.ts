import { expect, test } from 'vitest'
import { WorkerProcess } from '../../integration/journal/worker-process.js'
import { TAKES_NOTHING } from '../../support/generations.js'
import { isDone, offers, type WorkerRecord } from '../../support/interop/client-api.js'
import { dispatch } from '../../support/interop/dispatch.js'
import { forEachOrchestrator } from '../../support/interop/each-orchestrator.js'
import { eventually } from '../../support/interop/eventually.js'
import type { Generation } from '../../support/interop/orchestrator-under-test.js'
import { startedFor, workerFor } from '../../support/interop/worker-for.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

// Longer than 5 s and 1.0b30 on Redis holds each poll for a minute (§3.1.18).
const HOLD_MS = 4_000

const OWN_TOKEN = 'token-of-one-worker'
/** The orchestrator does not hear at once that the worker is busy, and gives it another task. */
const SELDOM = { HEARTBEAT_INTERVAL: '30', WORKER_HEARTBEAT_DEBOUNCE_DELAY: '30' }

/** A file for each generation, as their tests wait for polls that are held for seconds. */
export const testKilled = (generation: Generation): void =>
  forEachOrchestrator(
    'a worker that is killed while it polls',
    { pollHoldMs: HOLD_MS, individualTokens: { single: OWN_TOKEN } },
    (running) => {
      const takesNothing = (id: string) =>
        running().client.waitForWorker(
          id,
          (record: WorkerRecord | undefined) => record?.status === TAKES_NOTHING[running().generation],
        )

      /** Creates a job for each name and gives who did them, once all are done. */
      const doneBy = async (...taskNames: readonly string[]) => {
        const ids: string[] = []
        for (const [n, type] of taskNames.entries())
          ids.push(await dispatch(running(), { type, params: { n } }))
        const jobs = await Promise.all(ids.map((id) => running().client.waitForJob(id, isDone)))
        return jobs.map(({ task_worker_id }) => task_worker_id)
      }

      /**
       * As {@link doneBy}, while a worker takes nothing under this id. Empty if the old poll ended meanwhile: on a busy machine
       * the jobs may take longer than the poll is held.
       */
      const doneWhileHeldOff = async (id: string, ...taskNames: readonly string[]) => {
        const workers = await doneBy(...taskNames)
        const record = (await running().client.workers()).find(({ worker_id }) => worker_id === id)
        return record?.status === TAKES_NOTHING[running().generation] ? workers : []
      }

      /** Kills a worker whose poll is held, and starts its successor, which has told that it takes nothing under that id. */
      const succeed = async (id: string, echo: string, more: NodeJS.ProcessEnv = {}) => {
        const variables = {
          ORCHESTRATOR_URL: running().url,
          WORKER_TOKEN: running().workerToken,
          WORKER_ID: id,
          ECHO: echo,
          WORKER_STATE_DIR: temporaryFolder(),
          // Longer than any successor takes to start: it learns of the end of the hold by its own poll.
          TASK_POLL_TIMEOUT: '60',
          ...more,
        }
        const start = () => WorkerProcess.start(variables)
        const first = await start()
        await running().client.waitForWorker(id, offers(echo))
        // The poll that follows a task is a fresh one.
        await doneBy(echo)
        await first.kill()
        const second = await start()
        await takesNothing(id)
        return { second, start }
      }

      test('§3.1.2 leaves a hole that swallows nothing: others get the tasks, then its successor', async () => {
        await succeed('held', 'echo')
        const other = workerFor(running(), { id: 'other' })
        other.task('echo', (params) => ({ data: params }))
        await startedFor(running(), other, 'echo')
        for (let n = 0; n < 2; n++)
          expect(await doneWhileHeldOff('held', 'echo', 'echo', 'echo')).not.toContain('held')
        // A worker that is stopped at once may end before the orchestrator has noted that it takes nothing.
        other.pause()
        await takesNothing('other')
        await other.stop({ pollGraceMs: 0 })
        await running().client.waitForWorker('held', offers('echo'))
        await takesNothing('held-standby')
        expect(await doneBy('echo')).toEqual(['held'])
      })

      test('alone, is succeeded by one that takes tasks at once: first under another id, then under its own', async () => {
        await succeed('alone', 'alone')
        for (const worker of await doneWhileHeldOff('alone', 'alone', 'alone'))
          expect(worker).toBe('alone-standby')
        // At each moment somebody takes tasks.
        let workers = new Set<string | undefined>(['alone-standby'])
        await eventually('the first id is back', async () => {
          workers = new Set([...workers, ...(await doneBy('alone'))])
          return workers.has('alone')
        })
        expect([...workers]).toEqual(['alone-standby', 'alone'])
        await takesNothing('alone-standby')
        expect(await doneBy('alone')).toEqual(['alone'])
      })

      test('§3.1.23 alone, is succeeded by one whose waiting task is not swallowed when the old poll ends', async () => {
        await succeed('busy', 'busy', { MAX_CONCURRENT_TASKS: '1', ...SELDOM })
        const ids: string[] = []
        // The second task waits in the queue of the standby while the first one runs and the old poll ends.
        for (const ms of [2 * HOLD_MS, 0])
          ids.push(await dispatch(running(), { type: 'busy', params: { ms } }))
        for (const id of ids) await running().client.waitForJob(id, isDone)
      })

      test('alone, again and again: what a successor is given once it can be given anything is done at once', async () => {
        const { second, start } = await succeed('again', 'again')
        expect(await doneBy('again')).toEqual(['again-standby'])
        await second.kill()
        const third = await start()
        await eventually(
          'both are registered',
          () => third.lines.filter((line) => line === 'registered').length > 1,
        )
        await takesNothing('again-standby')
        await takesNothing('again')
        const id = await eventually('a task is dispatched', () =>
          dispatch(running(), { type: 'again' }).catch(() => undefined),
        )
        await running().client.waitForJob(id, isDone)
        await takesNothing('again-standby')
        await running().client.waitForWorker('again', offers('again'))
        expect(await doneBy('again')).toEqual(['again'])
      })

      test('alone, and may have no other id: its successor takes tasks as soon as nothing can swallow them', async () => {
        await succeed('single', 'single', { WORKER_INDIVIDUAL_TOKEN: OWN_TOKEN })
        const records = await running().client.workers()
        expect(records.map(({ worker_id }) => worker_id)).not.toContain('single-standby')
        await running().client.waitForWorker('single', offers('single'))
        expect(await doneBy('single')).toEqual(['single'])
      })
    },
    [generation],
  )
