import { Worker } from 'avtomatika-worker'

const worker = new Worker({ workerType: 'greeter' })

worker.task('hello', ({ name }, { log }) => {
  log.info({ name }, 'greeting somebody')
  return { greeting: `Hello, ${name}!` }
})

await worker.runWithHealthCheck()
