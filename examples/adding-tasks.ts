// #region adding
import { defineTask, Worker, WorkerConfig } from 'avtomatika-worker'
import { startOrchestrator } from 'avtomatika-worker/dev'

const orchestrator = await startOrchestrator({ pollHoldMs: 500 })
const worker = new Worker({ config: new WorkerConfig({ ORCHESTRATOR_URL: orchestrator.url }) })
worker.task('double', ({ number }) => ({ doubled: number * 2 }))
await worker.start()

const triple = defineTask({ name: 'triple', run: ({ number }) => ({ tripled: number * 3 }) })
worker.add(triple) // the worker registers again

await orchestrator.waitForWorker('triple')
const { id } = await orchestrator.createJob({ task: 'triple', params: { number: 14 } })
const { history } = await orchestrator.waitForJob(id)
console.log(history) // { tripled: 42 }

await worker.stop()
await orchestrator.close()
// #endregion
