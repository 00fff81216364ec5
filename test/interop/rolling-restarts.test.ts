import type { Worker } from 'avtomatika-worker'
import { expect, test } from 'vitest'
import { isDone } from '../support/interop/client-api.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'
import { temporaryFolder } from '../support/temporary-folder.js'

/** `ROLLING_RESTARTS=100` is the whole of it, and takes some minutes for each orchestrator. */
const RESTARTS = Number(process.env['ROLLING_RESTARTS'] ?? 6)
/** Jobs that are open at each moment. */
const WIDTH = 3
/** Jobs that are done between two restarts. */
const JOBS_A_RESTART = 10
const PATIENCE = { deadlineMs: 100_000, pauseMs: 20 }

forEachOrchestrator(
  'two workers that are restarted in turns',
  // Polls are held for longer than any restart takes. Nothing is dispatched a second time.
  { pollHoldMs: 30_000, watchEveryMs: 600_000 },
  (running) => {
    test(`${RESTARTS} times under a steady stream: no task is lost, and none is done twice`, {
      timeout: 1_200_000,
    }, async () => {
      const { client } = running()
      /** How often each job was done, by its id. */
      const runs = new Map<string, number>()
      /** Jobs with a result that the orchestrator ignored (3.1.15, 3.1.21). It offers their step again. */
      const ignored = new Set<string>()
      const takers = new Map<string, number>()
      const folders = [temporaryFolder(), temporaryFolder()]
      const make = (place: number): Worker => {
        const worker = workerFor(running(), {
          id: `rolling-${place}`,
          variables: { WORKER_STATE_DIR: folders[place], WORKER_SHUTDOWN_TIMEOUT: 60 },
        })
        worker.task('step', ({ n }, { jobId }) => {
          runs.set(jobId, (runs.get(jobId) ?? 0) + 1)
          return { data: { n } }
        })
        worker.on('resultIgnored', ({ jobId }) => ignored.add(jobId))
        return worker
      }
      const workers = [make(0), make(1)]
      for (const worker of workers) await startedFor(running(), worker, 'step')

      let created = 0
      let done = 0
      let isOver = false
      const feed = async () => {
        while (!isOver) {
          const n = created++
          const id = await client.createJob({ type: 'step', params: { n }, strategy: 'round_robin' })
          const { task_worker_id: taker = '' } = await client.waitForJob(id, isDone, PATIENCE)
          takers.set(taker, (takers.get(taker) ?? 0) + 1)
          done++
        }
      }
      const feeding = Promise.all(Array.from({ length: WIDTH }, feed))
      const goneOn = async () => {
        const goal = done + JOBS_A_RESTART
        await eventually('the stream goes on', () => done >= goal, PATIENCE)
      }
      const stopsMs: number[] = []
      const rolling = async () => {
        for (let at = 0; at < RESTARTS; at++) {
          await goneOn()
          const startedMs = performance.now()
          await workers[at % 2]?.stop()
          stopsMs.push(Math.round(performance.now() - startedMs))
          const successor = make(at % 2)
          workers[at % 2] = successor
          const registered = new Promise((resolve) => successor.on('registered', resolve))
          await successor.start()
          await registered
        }
        await goneOn()
        isOver = true
      }
      await Promise.race([Promise.all([rolling(), feeding]), feeding])
      await feeding
      const figures = { orchestrator: running().name, restarts: RESTARTS, jobs: done }
      const longestStopMs = Math.max(...stopsMs)
      console.log(JSON.stringify({ ...figures, longestStopMs, ignored: ignored.size, takers: [...takers] }))
      expect(done).toBe(created)
      expect([...runs].filter(([jobId, times]) => times !== 1 && !ignored.has(jobId))).toEqual([])
      expect(runs.size).toBe(created)
    })
  },
  ['classic', 'rxon'],
)
