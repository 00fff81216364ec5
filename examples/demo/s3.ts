/**
 * The picture worker on S3: each picture comes from a bucket by its `s3://` URI, and the small one goes back there. The
 * store is moto, an S3 server in Python, which is installed the first time.
 *
 *   npm run demo -- --s3
 */
import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateBucketCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Worker, WorkerConfig } from 'avtomatika-worker'
import { type DevOrchestrator, startOrchestrator } from 'avtomatika-worker/dev'
import sharp from 'sharp'
import { KEYS, SERVERS } from '../../test/support/s3/servers.js'

const BUCKET = 'my-bucket'

const startStore = async () => {
  const found = await SERVERS['moto']?.()
  if (!found || 'missing' in found) throw new Error(`moto cannot be started: ${found?.missing}`)
  return found.start()
}

const makeWorker = (orchestratorUrl: string, workerToken: string, storeUrl: string): Worker => {
  const config = new WorkerConfig({
    ORCHESTRATOR_URL: orchestratorUrl,
    WORKER_TOKEN: workerToken,
    LOG_LEVEL: 'warn',
    S3_ENDPOINT_URL: storeUrl,
    S3_ACCESS_KEY: KEYS.accessKey,
    S3_SECRET_KEY: KEYS.secretKey,
    S3_DEFAULT_BUCKET: BUCKET,
  })
  const worker = new Worker({ workerType: 'image-worker', config })
  worker.task('process_image', async ({ input_image }, { files }) => {
    const output = await files.pathTo('processed.png')
    await sharp(input_image).resize({ width: 320 }).toFile(output)
    return { data: { output_image: output } }
  })
  return worker
}

const processOne = async (orchestrator: DevOrchestrator, store: S3Client, pictures: string, file: string) => {
  const body = await readFile(join(pictures, file))
  await store.send(new PutObjectCommand({ Bucket: BUCKET, Key: file, Body: body }))
  const input = `s3://${BUCKET}/${file}`
  const { id } = await orchestrator.createJob({ task: 'process_image', params: { input_image: input } })
  const { history, errorMessage } = await orchestrator.waitForJob(id)
  const uri = String(history['output_image'] ?? '')
  if (!uri) return console.log(`${input}: ${errorMessage}`)
  const key = uri.slice(`s3://${BUCKET}/`.length)
  const { ContentLength } = await store.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key }))
  console.log(`${input} (${body.length} bytes) → ${uri} (${ContentLength} bytes)`)
}

/** Sends every picture of the folder through the store, one after the other. */
export const runOnS3 = async (pictures: string): Promise<void> => {
  const server = await startStore()
  const credentials = { accessKeyId: KEYS.accessKey, secretAccessKey: KEYS.secretKey }
  const store = new S3Client({ endpoint: server.url, region: 'us-east-1', forcePathStyle: true, credentials })
  const workerToken = randomUUID()
  const orchestrator = await startOrchestrator({ workerToken, pollHoldMs: 500 })
  const worker = makeWorker(orchestrator.url, workerToken, server.url)
  try {
    await store.send(new CreateBucketCommand({ Bucket: BUCKET }))
    await worker.start()
    await orchestrator.waitForWorker('process_image')
    for (const file of (await readdir(pictures)).filter((name) => /\.(jpe?g|png|webp)$/.test(name)).sort()) {
      await processOne(orchestrator, store, pictures, file)
    }
  } finally {
    await worker.stop()
    await orchestrator.close()
    store.destroy()
    await server.stop()
  }
}
