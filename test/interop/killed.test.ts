import { expect, test } from 'vitest'
import { WorkerProcess } from '../integration/journal/worker-process.js'
import { isDone, offers, type WorkerRecord } from '../support/interop/client-api.js'
import { dispatch } from '../support/interop/dispatch.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'
import { temporaryFolder } from '../support/temporary-folder.js'

// Longer than 5 s and 1.0b30 on Redis holds each poll for a minute (§3.1.18).
const HOLD_MS = 4_000

/** The words of each generation for a worker that takes nothing. */
const TAKES_NOTHING = { classic: 'busy', rxon: 'offline' } as const

forEachOrchestrator(
  'a worker that is killed while it polls',
  { pollHoldMs: HOLD_MS },
  (running) => {
    /** Kills a worker whose poll is held, and starts its successor, which has told that it takes nothing. */
    const succeed = async (id: string, echo: string): Promise<WorkerProcess> => {
      const variables = {
        ORCHESTRATOR_URL: running().url,
        WORKER_TOKEN: running().workerToken,
        WORKER_ID: id,
        ECHO: echo,
        WORKER_STATE_DIR: temporaryFolder(),
        TASK_POLL_TIMEOUT: String(HOLD_MS / 1_000),
      }
      const first = await WorkerProcess.start(variables)
      await running().client.waitForWorker(id, offers(echo))
      // The poll that follows a task is a fresh one.
      const before = await dispatch(running(), { type: echo })
      await running().client.waitForJob(before, isDone)
      await first.kill()
      const second = await WorkerProcess.start(variables)
      const takesNothing = (record: WorkerRecord | undefined) =>
        record?.status === TAKES_NOTHING[running().generation]
      await running().client.waitForWorker(id, takesNothing)
      return second
    }

    test('§3.1.2 leaves a hole that swallows nothing: others get the tasks, then its successor', async () => {
      const second = await succeed('held', 'echo')
      const other = workerFor(running(), { id: 'other' })
      other.task('echo', (params) => ({ data: params }))
      await startedFor(running(), other, 'echo')
      const ids: string[] = []
      for (let n = 0; n < 6; n++) ids.push(await dispatch(running(), { type: 'echo', params: { n } }))
      for (const id of ids) await running().client.waitForJob(id, isDone)
      expect(second.lines.filter((line) => line.startsWith('finished'))).toEqual([])
      await other.stop({ pollGraceMs: 0 })
      await running().client.waitForWorker('held', offers('echo'))
      const last = await dispatch(running(), { type: 'echo' })
      await running().client.waitForJob(last, isDone)
    })

    test('is alone: what the successor is given once it can be given anything is done at once', async () => {
      await succeed('alone', 'alone')
      const id = await eventually('a task is dispatched', () =>
        dispatch(running(), { type: 'alone' }).catch(() => undefined),
      )
      await running().client.waitForJob(id, isDone, { deadlineMs: 5_000 })
    })
  },
  ['classic', 'rxon'],
)
