import { Worker } from '../../../src/index.js'

/** A worker in a process of another user, who has all of its settings from variables. Its task writes two files. */
process.umask(0)
const worker = new Worker()
worker.task('writes', async (_, { files }) => {
  await files.write('a/first.txt', 'first')
  await new Promise<void>((resolve) => process.stdin.once('data', () => resolve()))
  await files.write('second.txt', 'second')
  return { data: { root: files.root } }
})
console.log('user', process.getuid?.())
await worker.run()
