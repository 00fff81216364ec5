import { Worker } from '../../../src/index.js'

/** Writes a file in its task, and does not end the task. */
const worker = new Worker()
worker.task('t', async (_, { files }) => {
  await files.write('half.bin', Buffer.alloc(1_000))
  console.log('written')
  await new Promise(() => {})
})
export default worker
