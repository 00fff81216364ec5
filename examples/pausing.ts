// #region pausing
import { Worker, WorkerConfig } from 'avtomatika-worker'
import { startOrchestrator } from 'avtomatika-worker/dev'

const orchestrator = await startOrchestrator({ pollHoldMs: 500, waitForWorker: true })
const config = new WorkerConfig({ ORCHESTRATOR_URL: orchestrator.url })
const worker = new Worker({ config, maxConcurrentTasks: 10, taskTypeLimits: { gpu: 1 } })
worker.task('draw', { taskType: 'gpu' }, () => ({ drawn: true }))
worker.task('report', () => ({ pages: 3 }))
await worker.start()

worker.pause('gpu') // starts no task of this type
worker.setLimits({ maxConcurrentTasks: 50, taskTypeLimits: { gpu: 2 } })

const draw = await orchestrator.createJob({ task: 'draw' })
const report = await orchestrator.createJob({ task: 'report' })
await orchestrator.waitForJob(report.id)
console.log('draw is', orchestrator.job(draw.id)?.status) // draw is waiting_for_worker

worker.resume('gpu')
const { status } = await orchestrator.waitForJob(draw.id)
console.log('draw is', status) // draw is finished

await worker.stop()
await orchestrator.close()
// #endregion
