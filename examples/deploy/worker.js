/** The worker of the containers. A real one would resize the picture; this one shows that the parts find each other. */
import { Worker } from 'avtomatika-worker'

const worker = new Worker({ workerType: 'image-worker' })

worker.task('resize_image', ({ source, fitInto }, { log }) => {
  log.info({ source, fitInto }, 'Picture would be resized')
  return { source, fitInto }
})

await worker.runWithHealthCheck()
