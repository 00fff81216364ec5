import { appendFileSync } from 'node:fs'
import { Worker } from 'avtomatika-worker'

/** Notes each start of a task in the file `NOTES`. With `HANGS=yes` no task ends. */
const notes = process.env['NOTES'] ?? ''
const worker = new Worker()
worker.task('note', async ({ n }, { progress }) => {
  appendFileSync(notes, `${n}\n`)
  progress(0.5)
  if (process.env['HANGS'] === 'yes') await new Promise(() => setInterval(() => {}, 60_000))
  return { n }
})
export default worker
