// @ts-check
/** The package under test, as built, with a handler that its environment chooses. */
import { Worker } from '../../dist/index.js'

const { BENCH_TASK_MS: taskMs, BENCH_ECHO: echo } = process.env

/** Orchestrators read results of 1 MiB at most. */
const MAX_RESULT = 1_000_000

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const worker = new Worker()
worker.task('bench', async (params) => {
  if (taskMs) await pause(Number(taskMs))
  return { status: 'success', data: echo ? { blob: String(params['blob']).slice(0, MAX_RESULT) } : { n: 1 } }
})
await worker.run()
