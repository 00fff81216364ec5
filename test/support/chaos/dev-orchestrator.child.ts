import { monitorEventLoopDelay } from 'node:perf_hooks'
import { startOrchestrator } from 'avtomatika-worker/dev'

/** An orchestrator in a process of its own, whose state its parent can ask for. */

const warnings: string[] = []
process.on('warning', ({ name, message }) => warnings.push(`${name}: ${message}`))
const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()

const orchestrator = await startOrchestrator({
  pollHoldMs: 20,
  workerTtlMs: 5_000,
  taskTimeoutMs: 5_000,
  secretKey: 'key-of-the-orchestrator',
  waitForWorker: true,
})
process.on('message', () => {
  const longestBlockMs = Math.round(delay.max / 1e6)
  const megabytes = Math.round(process.memoryUsage.rss() / 2 ** 20)
  process.send?.({ warnings, longestBlockMs, megabytes, jobs: orchestrator.jobs().length })
})
process.send?.({ url: orchestrator.url, port: orchestrator.port })
