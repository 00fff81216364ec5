import { rm } from 'node:fs/promises'
import { basename } from 'node:path'

const [decision, ...reviews] = process.argv.slice(2)

for (const review of reviews) {
  const jobId = basename(review)
  const response = await fetch(`http://127.0.0.1:8080/_public/webhooks/approval/${jobId}`, {
    method: 'POST',
    headers: { 'X-Client-Token': 'newsroom-token', 'Content-Type': 'application/json' },
    body: JSON.stringify({ decision }),
  })
  if (!response.ok) throw new Error(`Decision refused (${response.status}): ${await response.text()}`)
  await rm(review)
  console.log(`Job ${jobId}: ${decision}`)
}
