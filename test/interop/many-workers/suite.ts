import { expect, test } from 'vitest'
import { isDone } from '../../support/interop/client-api.js'
import { forEachOrchestrator } from '../../support/interop/each-orchestrator.js'
import { eventually } from '../../support/interop/eventually.js'
import type { Generation } from '../../support/interop/orchestrator-under-test.js'
import { startedFor, workerFor } from '../../support/interop/worker-for.js'

const WORKERS = 20
const SLOTS = 10
const JOBS = 400
// 1.0b30 takes its time over each of them.
const JOBS_ON_REDIS = 100
// Half of all slots: a job is lost when no worker is idle at the moment it is created.
const AT_ONCE = 100
const PATIENCE = { deadlineMs: 60_000, pauseMs: 10 }

/** What 1.0b30 on Redis says of a result that came by a worker that took the task out of another one's queue (§3.1.15, §3.1.21). */
const OF_THIEVES = ['worker_mismatch', 'stale_task']

/**
 * Asked for nothing, the first generation picks a worker by chance and the second always the first of equal ones: the others
 * have only what they take out of its queue (§3.1.20).
 */
const STRATEGIES = [
  { pick: {}, reachesAll: { classic: true, rxon: false } },
  { pick: { strategy: 'round_robin' }, reachesAll: { classic: true, rxon: true } },
] as const

/** A file for each generation, as either keeps a processor busy for a minute. */
export const testManyWorkers = (generation: Generation): void =>
  forEachOrchestrator(
    'many workers',
    // Nothing is dispatched a second time.
    { watchEveryMs: 600_000 },
    (running) => {
      test.each(STRATEGIES)(
        `many jobs over ${WORKERS} workers, picked by $pick: each is done once`,
        async ({ pick, reachesAll }) => {
          const { client, generation, kind } = running()
          const hasThieves = generation === 'rxon' && kind === 'redis'
          const jobs = hasThieves ? JOBS_ON_REDIS : JOBS
          const name = `count-${Object.values(pick).join()}`
          const runs = new Map<unknown, number>()
          const takers = new Set<string>()
          const answers = new Map<string, string>()
          for (let index = 0; index < WORKERS; index++) {
            const worker = workerFor(running(), { id: `${name}-${index}`, maxConcurrentTasks: SLOTS })
            worker.on('resultDelivered', ({ jobId }) => answers.set(jobId, 'taken'))
            worker.on('resultIgnored', ({ jobId, reason }) => answers.set(jobId, reason))
            worker.task(name, async ({ n }) => {
              takers.add(worker.id)
              runs.set(n, (runs.get(n) ?? 0) + 1)
              await new Promise(setImmediate)
              return { data: { n } }
            })
            await startedFor(running(), worker, name)
          }
          let next = 0
          const createJobs = async () => {
            while (next < jobs) {
              const n = next++
              const id = await client.createJob({ type: name, params: { n }, ...pick })
              const answer = await eventually(
                `the result of job ${id} is answered`,
                () => answers.get(id),
                PATIENCE,
              )
              if (hasThieves && OF_THIEVES.includes(answer)) continue
              expect(answer).toBe('taken')
              const job = await client.waitForJob(id, isDone)
              expect(job).toMatchObject({ state_history: { n }, retry_count: 0 })
            }
          }
          await Promise.all(Array.from({ length: AT_ONCE }, createJobs))
          expect([...runs.values()].every((times) => times === 1)).toBe(true)
          expect(runs.size).toBe(jobs)
          if (reachesAll[generation]) expect(takers.size).toBe(WORKERS)
        },
      )
    },
    [generation, 'between'],
  )
