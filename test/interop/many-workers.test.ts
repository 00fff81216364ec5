import { expect, test } from 'vitest'
import { isDone } from '../support/interop/client-api.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'

const WORKERS = 20
const SLOTS = 10
const JOBS = 400
// Half of all slots: a job is lost when no worker is idle at the moment it is created.
const AT_ONCE = 100
const PATIENCE = { deadlineMs: 60_000, pauseMs: 10 }

forEachOrchestrator('many workers', {}, (running) => {
  test(`${JOBS} jobs over ${WORKERS} workers: each is done once`, async () => {
    const runs = new Map<unknown, number>()
    const takers = new Set<string>()
    const delivered = new Set<string>()
    for (let index = 0; index < WORKERS; index++) {
      const worker = workerFor(running(), { id: `one-of-many-${index}`, maxConcurrentTasks: SLOTS })
      worker.on('resultDelivered', ({ jobId }) => delivered.add(jobId))
      worker.task('count', async ({ n }) => {
        takers.add(worker.id)
        runs.set(n, (runs.get(n) ?? 0) + 1)
        await new Promise(setImmediate)
        return { data: { n } }
      })
      await startedFor(running(), worker, 'count')
    }
    let next = 0
    const client = async () => {
      while (next < JOBS) {
        const n = next++
        const id = await running().client.createJob({ type: 'count', params: { n } })
        await eventually(`the result of job ${id} is delivered`, () => delivered.has(id), PATIENCE)
        const job = await running().client.waitForJob(id, isDone)
        expect(job).toMatchObject({ state_history: { n }, retry_count: 0 })
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, client))
    expect([...runs.values()].every((times) => times === 1)).toBe(true)
    expect(runs.size).toBe(JOBS)
    expect(takers.size).toBe(WORKERS)
  })
})
