// @ts-check
/**
 * From the orchestrator's cancel to the abort of the handler's signal, on loopback: `npm run bench:cancel [-- count]`.
 *
 * The embedded orchestrator and the worker share one process and so one clock; the command still goes over a real socket.
 * What it prints is as good as the machine is idle.
 */
import { startOrchestrator } from '../dist/dev/index.js'
import { Worker, WorkerConfig } from '../dist/index.js'

const count = Number(process.argv[2] ?? 500)
const GOAL_MS = 50

/** @param {readonly number[]} sorted @param {number} share */
const quantile = (sorted, share) =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN

// Of the two generations, the first tells whether the command was sent.
const orchestrator = await startOrchestrator({ workerToken: 'bench-token', generation: 'classic' })
const worker = new Worker({
  config: new WorkerConfig({
    WORKER_ID: 'bench',
    WORKER_TOKEN: 'bench-token',
    ORCHESTRATOR_URL: orchestrator.url,
    WORKER_ENABLE_WEBSOCKETS: true,
    LOG_LEVEL: 'error',
  }),
})

/** @type {Map<string, (signal: AbortSignal) => void>} */
const begun = new Map()
worker.task('wait', async ({ key }, { signal }) => {
  const aborted = new Promise((resolve) => signal.addEventListener('abort', () => resolve(performance.now())))
  begun.get(key)?.(signal)
  await aborted
})

const socketOpen = new Promise((resolve) => worker.on('socketOpened', resolve))
await worker.start()
await socketOpen
await orchestrator.waitForWorker('wait')

/** @param {number} n */
const cancelOnce = async (n) => {
  const key = `k${n}`
  /** @type {Promise<AbortSignal>} */
  const running = new Promise((resolve) => begun.set(key, resolve))
  const job = await orchestrator.createJob({ task: 'wait', params: { key } })
  const signal = await running
  /** @type {Promise<number>} */
  const abortedAt = new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve(performance.now())),
  )
  const cancelledAt = performance.now()
  const answer = await orchestrator.cancelJob(job.id)
  if (answer !== 'cancellation_request_sent') throw new Error(`the cancel went nowhere: ${answer}`)
  const ms = (await abortedAt) - cancelledAt
  await orchestrator.waitForJob(job.id)
  begun.delete(key)
  return ms
}

/** @type {number[]} */
const figures = []
for (let n = 0; n < count; n++) figures.push(await cancelOnce(n))
await worker.stop({ pollGraceMs: 0 })
await orchestrator.close()

const sorted = figures.toSorted((a, b) => a - b)
const [p50, p99, worst] = [quantile(sorted, 0.5), quantile(sorted, 0.99), sorted.at(-1) ?? Number.NaN]
console.log(
  `cancel to abort, ${count} times: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, worst ${worst.toFixed(2)} ms`,
)
if (p99 >= GOAL_MS) {
  console.error(`p99 is to be below ${GOAL_MS} ms`)
  process.exitCode = 1
}
