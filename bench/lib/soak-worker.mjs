// @ts-check
/**
 * The built package in a process of its own, which says every few seconds what it takes up, a line of JSON each.
 * Everything else comes from the environment.
 */
import { readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from '../../dist/index.js'

const SAMPLE_MS = 2_000

const openFiles = () => {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    // Only Linux tells.
    return 0
  }
}

const worker = new Worker({ taskTypeLimits: { narrow: 3 } })
let delivered = 0
/** @param {Record<string, any>} params */
const work = async ({ ms }) => {
  await pause(ms)
  return { data: { filler: 'x'.repeat(200) } }
}
worker.task('short', work)
worker.task('narrow', { taskType: 'narrow' }, work)
worker.on('resultDelivered', () => delivered++)
setInterval(() => {
  const sample = {
    rssMb: process.memoryUsage.rss() / 2 ** 20,
    handles: process.getActiveResourcesInfo().length,
    files: openFiles(),
    delivered,
  }
  process.stdout.write(`${JSON.stringify(sample)}\n`)
}, SAMPLE_MS).unref()
await worker.run()
