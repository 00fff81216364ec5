// #region failover
import { Worker, WorkerConfig } from 'avtomatika-worker'
import { startOrchestrator } from 'avtomatika-worker/dev'

const main = await startOrchestrator({ pollHoldMs: 500 })
const spare = await startOrchestrator({ pollHoldMs: 500 })
const nameOf = (url: string) => (url === spare.url ? 'spare' : 'main')

const config = new WorkerConfig({
  ORCHESTRATORS_CONFIG: [
    { url: main.url, priority: 1 },
    { url: spare.url, priority: 2 },
  ],
  HEARTBEAT_INTERVAL: 0.25, // 15 s by default; the worker returns after two intervals
})
const worker = new Worker({ config })
worker.task('double', ({ number }) => ({ doubled: number * 2 }))
worker.on('orchestratorChanged', ({ from, to }) => console.log(`${nameOf(from)} → ${nameOf(to)}`))
await worker.start()
await main.waitForWorker('double')

await main.close() // main → spare
await spare.waitForWorker('double')

const mainAgain = await startOrchestrator({ pollHoldMs: 500, port: main.port })
await mainAgain.waitForWorker('double') // spare → main

await worker.stop()
await Promise.all([mainAgain.close(), spare.close()])
// #endregion
