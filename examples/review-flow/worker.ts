import { Worker } from 'avtomatika-worker'
import { z } from 'zod'

const Text = z.object({ text: z.string().min(1) })
const doubtful = ['miracle', 'guaranteed', 'secret']

const worker = new Worker({ workerType: 'editor' })
  .task('check_text', { params: Text }, ({ text }, { log }) => {
    const found = doubtful.filter((word) => text.toLowerCase().includes(word))
    log.info({ found }, 'Text checked')
    // A status of your own. The blueprint has a transition for it.
    return found.length > 0 ? { status: 'needs_review', data: { found } } : { data: { found } }
  })
  .task('publish_text', { params: Text }, ({ text }, { jobId }) => {
    // Your code would store the text here. A repeated task has the same jobId, so it would overwrite the same page.
    return { data: { page: `/articles/${jobId}`, words: text.split(/\s+/).length } }
  })

export default worker
