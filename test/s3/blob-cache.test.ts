import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fileWorker } from '../support/files/file-worker.js'
import { temporaryFolder } from '../support/files/temporary-folder.js'
import { countingPipe } from '../support/s3/counting-pipe.js'
import { clientOf, KEYS, SERVERS } from '../support/s3/servers.js'

const MB = 1_048_576
const SIZE = 300 * MB

describe.each(Object.entries(SERVERS))('a cache in front of %s', (name, find) => {
  it('has an unchanged model of 300 MB downloaded once, by one of two workers, and a new one again', async ({
    skip,
  }) => {
    const found = await find()
    if ('missing' in found) return skip(`${name} is not tested: it needs ${found.missing}`)
    const server = await found.start()
    onTestFinished(() => server.stop())
    const client = clientOf(server)
    onTestFinished(() => client.destroy())
    await client.send(new CreateBucketCommand({ Bucket: 'models' }))
    const put = (byte: number) =>
      client.send(
        new PutObjectCommand({ Bucket: 'models', Key: 'large.bin', Body: Buffer.alloc(SIZE, byte) }),
      )
    await put(1)
    const pipe = await countingPipe(server.url)
    const gets = () => pipe.requests.filter((line) => line.startsWith('GET /models/large.bin')).length
    const variables = {
      S3_ENDPOINT_URL: pipe.url,
      S3_ACCESS_KEY: KEYS.accessKey,
      S3_SECRET_KEY: KEYS.secretKey,
      WORKER_BLOB_CACHE_DIR: join(await temporaryFolder(), 'cache'),
    }
    const start = () =>
      fileWorker({
        variables,
        tasks: (worker) => worker.task('measure', async ({ model }) => ({ size: (await stat(model)).size })),
      })
    for (const { run } of [await start(), await start()]) {
      for (let task = 0; task < 2; task++)
        expect((await run('measure', { model: 's3://models/large.bin' })).history).toEqual({ size: SIZE })
    }
    expect(gets()).toBe(1)
    expect(pipe.bytes).toBeLessThan(SIZE + MB)
    await put(2)
    const { run } = await start()
    expect((await run('measure', { model: 's3://models/large.bin' })).history).toEqual({ size: SIZE })
    expect(gets()).toBe(2)
  })
})
