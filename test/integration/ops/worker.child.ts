import { Worker } from '../../../src/index.js'

/** A worker in a process of its own, configured by its environment. */
const worker = new Worker()
worker.task('stray', () => {
  void Promise.reject(new Error('nobody handles this'))
})
console.log(`pid ${process.pid}`)
await worker.runWithHealthCheck()
