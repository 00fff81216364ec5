import { startOrchestrator } from '../../../src/dev/index.js'
import { Worker, WorkerConfig } from '../../../src/index.js'

/** A worker that is told of a store and has no AWS SDK, and what becomes of some jobs. */
const orchestrator = await startOrchestrator({ waitForWorker: true })
const config = new WorkerConfig({
  ORCHESTRATOR_URL: orchestrator.url,
  LOG_LEVEL: 'silent',
  S3_ENDPOINT_URL: 'http://127.0.0.1:9',
})
const worker = new Worker({ config })
worker.task('plain', async (_, { files }) => {
  await files.write('a', 'a')
  return { text: await files.read('a') }
})
worker.task('reads', () => ({}))
worker.task('writes', async (_, { files }) => {
  await files.write('a', 'a')
  return { out: await files.pathTo('a') }
})
await worker.start()
const jobs: object[] = []
for (const [task, params] of [
  ['reads', { file: 's3://bucket/key' }],
  ['writes', {}],
  ['plain', {}],
] as const) {
  const { id } = await orchestrator.createJob({ task, params })
  const { status, errorMessage = '', history } = await orchestrator.waitForJob(id)
  jobs.push({ task, status, errorMessage, history })
}
console.log(JSON.stringify({ jobs, ready: worker.readiness.ready }))
await worker.stop({ pollGraceMs: 0 })
await orchestrator.close()
