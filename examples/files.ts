/**
 * Files of a task. Each task has its own directory. The worker downloads `s3://` values and uploads the files of results.
 *
 *   npx avtomatika-worker dev files.ts
 */
import { Worker } from 'avtomatika-worker'

const worker = new Worker({ workerType: 'text-worker' })

worker.task('count_words', async ({ text }, { files }) => {
  await files.write('speech.txt', String(text))
  const words = (await files.read('speech.txt')).split(/\s+/)
  await files.writeJson('report/words.json', words)
  return { data: { words: words.length, written: await files.list('report') } }
})

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
