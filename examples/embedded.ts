// #region embedded
import { Worker, WorkerConfig } from 'avtomatika-worker'
import { startOrchestrator } from 'avtomatika-worker/dev'

// Polls are held for half a second instead of thirty: the worker stops as soon as its last one has ended.
const orchestrator = await startOrchestrator({ pollHoldMs: 500 })
const worker = new Worker({ config: new WorkerConfig({ ORCHESTRATOR_URL: orchestrator.url }) })
worker.task('double', ({ number }) => ({ doubled: number * 2 }))

await worker.start()
await orchestrator.waitForWorker('double')
const { id } = await orchestrator.createJob({ task: 'double', params: { number: 21 } })
const { state, history } = await orchestrator.waitForJob(id)
console.log(state, history) // finished { doubled: 42 }

await worker.stop()
await orchestrator.close()
// #endregion
