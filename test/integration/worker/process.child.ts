import { Worker, WorkerConfig } from '../../../src/index.js'

/**
 * A worker in a process of its own, told by its arguments: the orchestrator's URL, how it runs, and how its handler
 * behaves. It never calls process.exit: what keeps it alive is what the worker left behind.
 */
const [url = '', how = 'run', behaviour = 'ends'] = process.argv.slice(2)

const config = new WorkerConfig({
  WORKER_ID: 'child',
  ORCHESTRATOR_URL: url,
  // Its server is one of the first generation.
  ORCHESTRATOR_PROTOCOL: 'classic',
  WORKER_TOKEN: 'secret-token-that-nobody-may-see',
  WORKER_PORT: Number(process.env['HEALTH_PORT'] ?? 0),
  WORKER_SHUTDOWN_TIMEOUT: 20,
})
const worker = new Worker({ config, maxConcurrentTasks: 2 })
worker.task('work', async (_params, { signal }) => {
  console.log('entered')
  if (behaviour === 'ends') return { ended: true }
  if (behaviour === 'deaf') return new Promise(() => setInterval(() => {}, 1_000))
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
  signal.throwIfAborted()
  return {}
})

try {
  if (how === 'embedded') {
    worker.on(
      'resultDelivered',
      () => void worker.stop({ pollGraceMs: 0 }).then(() => console.log('stopped')),
    )
    await worker.start()
  } else if (how === 'health') await worker.runWithHealthCheck()
  else await worker.run()
  console.log(`resolved, ${process.listenerCount('SIGTERM')} listeners, ${worker.state}`)
} catch (error) {
  console.log(String(error))
}
