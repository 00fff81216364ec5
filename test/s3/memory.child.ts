import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { S3Store } from '../../src/storage/s3-store.js'

/** Sends a large file out and in again, and prints by how much the process grew meanwhile. */
const { S3_URL = '', FOLDER = '', MEGABYTES = '300' } = process.env
const store = new S3Store({
  endpointUrl: S3_URL,
  accessKey: 'test-access',
  secretKey: 'test-secret',
  maxConcurrency: 8,
})
const { signal } = new AbortController()
const piece = randomBytes(1_048_576)
const file = await open(join(FOLDER, 'out'), 'w')
for (let index = 0; index < Number(MEGABYTES); index++) await file.write(piece)
await file.close()

// The SDK itself is not what is measured.
await store.download({ bucket: 'bucket', key: 'not-there' }, join(FOLDER, 'none'), { signal }).catch(() => {})
const before = process.memoryUsage.rss()
let most = before
const watching = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss())
}, 20)
await store.upload(join(FOLDER, 'out'), { bucket: 'bucket', key: 'memory' }, { signal })
await store.download({ bucket: 'bucket', key: 'memory' }, join(FOLDER, 'in'), { signal })
clearInterval(watching)
console.log(`growth ${Math.round((most - before) / 1_048_576)} MB`)
