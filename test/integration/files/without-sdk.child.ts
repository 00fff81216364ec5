import { Worker } from '../../../src/index.js'

/** Has tasks with and without objects of a store. */
const worker = new Worker()
worker.task('plain', async (_, { files }) => {
  await files.write('a', 'a')
  return { text: await files.read('a') }
})
worker.task('reads', () => ({}))
worker.task('writes', async (_, { files }) => {
  await files.write('a', 'a')
  return { out: await files.pathTo('a') }
})
worker.task('ready', () => ({ ready: worker.readiness.ready }))
export default worker
