import { startOrchestrator } from '../../../src/dev/index.js'
import { Worker, WorkerConfig } from '../../../src/index.js'

/** Runs until it is killed, in the middle of a task that has written a file. */
const orchestrator = await startOrchestrator({ waitForWorker: true })
const worker = new Worker({
  config: new WorkerConfig({ ORCHESTRATOR_URL: orchestrator.url, LOG_LEVEL: 'silent' }),
})
worker.task('t', async (_, { files }) => {
  await files.write('half.bin', Buffer.alloc(1_000))
  console.log('written')
  await new Promise(() => {})
})
await worker.start()
await orchestrator.createJob({ task: 't' })
