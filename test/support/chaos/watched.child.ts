import { Worker } from '../../../src/index.js'

/**
 * Run as a process of its own, configured by its environment: a worker that tells its parent about itself. `ready` comes
 * with the port of the health server, and `figures` answers each message.
 */
const TICK_MS = 20

let longestBlockMs = 0
let mostBytes = 0
let cpu = process.cpuUsage()
// The time on the processor, not on the clock: other processes of a busy machine do not count.
setInterval(() => {
  const { user, system } = process.cpuUsage(cpu)
  cpu = process.cpuUsage()
  longestBlockMs = Math.max(longestBlockMs, (user + system) / 1_000)
  mostBytes = Math.max(mostBytes, process.memoryUsage.rss())
}, TICK_MS).unref()

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent }
const worker = new Worker(process.env['SHOW_LOG'] ? {} : { logger: silent })
worker.task('echo', (params, { progress, emit }) => {
  progress(0.5)
  emit('half')
  return { data: params }
})

process.on('message', () => {
  process.send?.({ healthPort: worker.healthPort, longestBlockMs, mostBytes })
  longestBlockMs = 0
})
await worker.runWithHealthCheck()
process.disconnect()
