/**
 * Files of a task: each task has a directory of its own, and `s3://` values are downloaded and uploaded by themselves.
 *
 *   S3_ENDPOINT_URL=… npx avtomatika-worker run files.ts
 */
import { Worker } from 'avtomatika-worker'

const worker = new Worker({ workerType: 'text-worker' })

// #region files
worker.task('shout', async ({ text_file }, { files }) => {
  // s3://bucket/speech.txt was downloaded before the handler ran: this is its local path.
  const text = await files.read(String(text_file))
  await files.write('loud.txt', text.toUpperCase())
  // A path inside the task's directory is uploaded after it, and becomes an s3:// URI.
  return { data: { loud: await files.pathTo('loud.txt') } }
})
// #endregion

await worker.runWithHealthCheck()
