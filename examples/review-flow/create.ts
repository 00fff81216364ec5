import { JobClient } from 'avtomatika-worker/client'

const [text = ''] = process.argv.slice(2)
await using client = new JobClient({ url: 'http://127.0.0.1:8080', token: 'newsroom-token' })

const job = await client.create('publish_article', { text })
console.log(`Job ${job.id} created.`)
const { outcome, state, result } = await client.wait(job, {
  // Each request counts against the quota of the client: one every two seconds is enough here.
  pollMs: 2_000,
  timeoutMs: 24 * 3_600_000,
  onChange: ({ state }) => console.log(state),
})
console.log(outcome === 'finished' ? result : `The job has ended in the state "${state}".`)
