import { Worker } from '../../../src/index.js'

/** Many workers in one process, with the settings of the variables and nothing else. */
const MANY = 12

process.on('warning', (warning) => console.log('warned', warning.name, warning.message))
const ends = Array.from({ length: MANY }, () => {
  const worker = new Worker()
  worker.task('writes', async (_, { files }) => {
    await files.write('a', worker.id)
    return { data: { id: await files.read('a') } }
  })
  return process.env['WORKER_PORT'] === undefined ? worker.run() : worker.runWithHealthCheck()
})
for (const { status, reason } of (await Promise.allSettled(ends)) as PromiseRejectedResult[])
  console.log('ended', status, reason instanceof Error ? reason.message.replace(/\s+/g, ' ') : '')
