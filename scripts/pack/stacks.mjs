// @ts-check
/**
 * A user's program. It causes errors in a handler and inside the package, and prints their stack traces as JSON.
 * `npm run pack:check` runs it with the packed package.
 */
import { Worker, WorkerConfig } from 'avtomatika-worker'
import { startOrchestrator } from 'avtomatika-worker/dev'

/** @type {Record<string, string>} */
const stacks = {}
/** @param {string} what @param {unknown} error */
const record = (what, error) => {
  stacks[what] = (error instanceof Error && error.stack) || `not an error: ${String(error)}`
}

/** @type {import('avtomatika-worker').Logger} */
const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

const failingHandler = () => {
  const error = new Error('the handler fails')
  record('an error of a handler', error)
  throw error
}

try {
  new Worker({ config: new WorkerConfig({ ORCHESTRATOR_URL: 'nowhere' }) })
} catch (error) {
  record('an error of the configuration', error)
}

const orchestrator = await startOrchestrator({ pollHoldMs: 300, maxRetries: 0 })
const worker = new Worker({
  config: new WorkerConfig({ ORCHESTRATOR_URL: orchestrator.url, WORKER_JOURNAL: false }),
  logger: silent,
})
worker.task('fail', failingHandler)
worker.task('escape', async (_, { files }) => {
  await files.read('../outside').catch((error) => record('an internal error, thrown to a handler', error))
})
await worker.start()
await worker.start().catch((error) => record('an internal error, thrown to the application', error))

for (const task of ['fail', 'escape']) {
  await orchestrator.waitForWorker(task)
  await orchestrator.waitForJob((await orchestrator.createJob({ task })).id)
}
await worker.stop()
await orchestrator.close()
console.log(JSON.stringify(stacks))
