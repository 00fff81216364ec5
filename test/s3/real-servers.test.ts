import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import {
  CreateBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { InvalidInputError, PermanentError, TransientError } from '../../src/errors.js'
import { encodeCrc32 } from '../../src/storage/checksum.js'
import { S3Store } from '../../src/storage/s3-store.js'
import { compiledProgram } from '../support/compiled-program.js'
import { fileWorker } from '../support/files/file-worker.js'
import { listing } from '../support/files/listing.js'
import { temporaryFolder } from '../support/files/temporary-folder.js'
import { Child } from '../support/interop/child-process.js'
import { breakingProxy } from '../support/s3/breaking-proxy.js'
import { clientOf, KEYS, type S3Server, SERVERS } from '../support/s3/servers.js'
import { spoilingProxy } from '../support/s3/spoiling-proxy.js'

const MB = 1_048_576

const hashOf = async (path: string): Promise<string> => {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}

describe.each(Object.entries(SERVERS))('S3 as %s speaks it', (name, find) => {
  let server: S3Server | undefined
  let missing: string | undefined
  let client: S3Client

  beforeAll(async () => {
    const found = await find()
    if ('missing' in found) {
      missing = `${name} is not tested: it needs ${found.missing}`
      console.log(missing)
      return
    }
    server = await found.start()
    client = clientOf(server)
    await client.send(new CreateBucketCommand({ Bucket: 'bucket' }))
  })

  beforeEach(({ skip }) => skip(missing !== undefined, missing))

  afterAll(async () => {
    client?.destroy()
    await server?.stop()
  })

  const store = (keys = KEYS) => new S3Store({ endpointUrl: server?.url ?? '', ...keys, maxConcurrency: 8 })
  const { signal } = new AbortController()

  it.each([0, 1, 8 * MB, 25 * MB + 1])('%i bytes go in and come out', async (size) => {
    const folder = await temporaryFolder()
    const at = { bucket: 'bucket', key: `round/${size} ü+%.bin` }
    await writeFile(join(folder, 'in'), randomBytes(size))
    const up = await store().upload(join(folder, 'in'), at, { signal })
    const down = await store().download(at, join(folder, 'out'), { signal })
    expect(up).toEqual({ size, etag: expect.any(String) })
    // gofakes3 says another ETag for an object that came in parts.
    expect(down).toEqual(name === 'gofakes3' && size > 8 * MB ? { ...up, etag: expect.any(String) } : up)
    expect(await hashOf(join(folder, 'out'))).toBe(await hashOf(join(folder, 'in')))
  })

  it('an object that was sent in parts tells a checksum of the whole, also as AWS itself is spoken to', async ({
    skip,
  }) => {
    skip(name !== 'versitygw', 'the others know no such checksum')
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'in'), randomBytes(20 * MB))
    // The SDK then takes this server for AWS.
    vi.stubEnv('AWS_ENDPOINT_URL', server?.url)
    onTestFinished(() => void vi.unstubAllEnvs())
    const aws = new S3Store({ endpointUrl: 'aws', region: 'us-east-1', ...KEYS, maxConcurrency: 8 })
    for (const each of [store(), aws]) {
      await each.upload(join(folder, 'in'), { bucket: 'bucket', key: 'whole' }, { signal })
      const head = new HeadObjectCommand({ Bucket: 'bucket', Key: 'whole', ChecksumMode: 'ENABLED' })
      const { ChecksumCRC32 } = await client.send(head)
      expect(ChecksumCRC32).toBe(encodeCrc32(crc32(await readFile(join(folder, 'in')))))
    }
  })

  it('a folder of 1,200 objects comes whole', async () => {
    const put = (index: number) =>
      client.send(
        new PutObjectCommand({ Bucket: 'bucket', Key: `many/${index % 7}/${index}`, Body: `${index}` }),
      )
    for (let index = 0; index < 1_200; index += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, offset) => put(index + offset)))
    }
    const { run } = await fileWorker({
      variables: {
        S3_ENDPOINT_URL: server?.url,
        S3_ACCESS_KEY: KEYS.accessKey,
        S3_SECRET_KEY: KEYS.secretKey,
      },
      tasks: (worker) =>
        worker.task('t', async ({ folder }) => {
          const names = await Promise.all([0, 1, 2, 3, 4, 5, 6].map((sub) => listing(join(folder, `${sub}`))))
          return {
            data: { count: names.flat().length, last: await readFile(join(folder, '2/1199'), 'utf8') },
          }
        }),
    })
    const { history } = await run('t', { folder: 's3://bucket/many/' })
    expect(history).toEqual({ count: 1_200, last: '1199' })
  })

  it('the example of the documentation runs, in and out', async () => {
    await client.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'photo.jpg', Body: 'jpg' }))
    const { run } = await fileWorker({
      variables: {
        S3_ENDPOINT_URL: server?.url,
        S3_ACCESS_KEY: KEYS.accessKey,
        S3_SECRET_KEY: KEYS.secretKey,
        S3_DEFAULT_BUCKET: 'bucket',
      },
      tasks: (worker) =>
        worker.task('process_image', async ({ input_image }, { files }) => {
          const output = await files.pathTo('processed.png')
          await writeFile(output, `${await readFile(input_image, 'utf8')} as png`)
          return { data: { output_image: output } }
        }),
    })
    const { taskId, history } = await run('process_image', { input_image: 's3://bucket/photo.jpg' })
    expect(history).toEqual({ output_image: `s3://bucket/${taskId}/processed.png` })
    const path = join(await temporaryFolder(), 'result')
    await store().download({ bucket: 'bucket', key: `${taskId}/processed.png` }, path, { signal })
    expect(await readFile(path, 'utf8')).toBe('jpg as png')
  })

  it.each([
    ['NoSuchKey', { bucket: 'bucket', key: 'not-there' }],
    ['NoSuchBucket', { bucket: 'no-such-bucket', key: 'k' }],
  ])('%s is a mistake of the input', async (code, from) => {
    const path = join(await temporaryFolder(), 'file')
    const error = await store()
      .download(from, path, { signal })
      .catch((thrown) => thrown)
    expect(error).toBeInstanceOf(InvalidInputError)
    expect(error.message).toContain(code)
  })

  it('a wrong secret is denied for good', async ({ skip }) => {
    skip(name !== 'versitygw', 'only the strict one looks at it')
    const path = join(await temporaryFolder(), 'file')
    const wrong = store({ ...KEYS, secretKey: 'wrong' })
    await expect(wrong.download({ bucket: 'bucket', key: 'k' }, path, { signal })).rejects.toThrow(
      PermanentError,
    )
  })

  it.for([
    [MB, 'by a fault', false],
    [20 * MB, 'by a fault', false],
    [MB, 'by somebody who keeps the CRC32', true],
    [20 * MB, 'by somebody who keeps the CRC32', true],
  ] as const)('%i bytes that are changed on the way up %s are sent again', async (row, { skip }) => {
    const [size, , keepsCrc32] = row
    skip(name !== 'versitygw', 'only the strict one looks at them')
    const folder = await temporaryFolder()
    const at = { bucket: 'bucket', key: `spoiled/${size}` }
    await writeFile(join(folder, 'in'), randomBytes(size))
    const proxy = await spoilingProxy(server?.url ?? '', keepsCrc32)
    const through = new S3Store({ endpointUrl: proxy.url, ...KEYS, maxConcurrency: 8 })
    await through.upload(join(folder, 'in'), at, { signal })
    await store().download(at, join(folder, 'out'), { signal })
    expect(proxy.spoiled).toBe(true)
    expect(await hashOf(join(folder, 'out'))).toBe(await hashOf(join(folder, 'in')))
  })

  it('an upload in parts whose last answer is lost is there, and is not sent again', async () => {
    const folder = await temporaryFolder()
    const at = { bucket: 'bucket', key: 'lost/answer' }
    await writeFile(join(folder, 'in'), randomBytes(20 * MB))
    const proxy = await breakingProxy(server?.url ?? '', /^POST \S+uploadId=/, 0)
    const through = new S3Store({ endpointUrl: proxy.url, ...KEYS, maxConcurrency: 8 })
    const { size } = await through.upload(join(folder, 'in'), at, { signal })
    expect(size).toBe(20 * MB)
    await store().download(at, join(folder, 'out'), { signal })
    expect(await hashOf(join(folder, 'out'))).toBe(await hashOf(join(folder, 'in')))
    expect(proxy.requests.filter((line) => /^POST \S+uploadId=/.test(line)).length).toBeGreaterThan(1)
    expect(proxy.requests.filter((line) => /^POST \S+\?uploads/.test(line))).toHaveLength(1)
  })

  it('an object that is replaced during its download arrives as the new version alone', async () => {
    const folder = await temporaryFolder()
    const at = { Bucket: 'bucket', Key: 'replaced' }
    const put = async (letter: string) => {
      await client.send(new PutObjectCommand({ ...at, Body: Buffer.alloc(6 * MB, letter) }))
    }
    await put('a')
    const proxy = await breakingProxy(server?.url ?? '', /^GET /, 2 * MB, () => put('b'))
    const through = new S3Store({ endpointUrl: proxy.url, ...KEYS, maxConcurrency: 8 })
    await through.download({ bucket: 'bucket', key: 'replaced' }, join(folder, 'out'), { signal })
    expect((await readFile(join(folder, 'out'))).equals(Buffer.alloc(6 * MB, 'b'))).toBe(true)
    expect(proxy.requests.length).toBeGreaterThan(1)
  })

  it('names of all kinds are listed as they are', async () => {
    const keys = [
      'a b',
      'a+b',
      'a%20b',
      '100%',
      'ü',
      '漢字 🎨',
      "it's",
      '&<">',
      'semi;colon',
      'a=b&c',
      '~x',
      ' x ',
    ].map((name) => `names/${name}`)
    for (const Key of keys) await client.send(new PutObjectCommand({ Bucket: 'bucket', Key, Body: 'x' }))
    const found: string[] = []
    for await (const { key } of store().list('bucket', 'names/', { signal })) found.push(key)
    expect(found.sort()).toEqual(keys.sort())
  })

  it('an upload that is aborted half-way leaves no multipart upload behind', async () => {
    const path = join(await temporaryFolder(), 'large')
    await writeFile(path, randomBytes(60 * MB))
    const task = new AbortController()
    const upload = store().upload(path, { bucket: 'bucket', key: 'aborted' }, { signal: task.signal })
    const begun = async () => {
      const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: 'bucket' }))
      return (Uploads?.length ?? 0) > 0
    }
    while (!(await begun()));
    task.abort(new TransientError('enough'))
    await expect(upload).rejects.toThrow('enough')
    expect(await begun()).toBe(false)
  })

  it('300 MB go out and come in with flat memory', async () => {
    const folder = await temporaryFolder()
    await mkdir(folder, { recursive: true })
    const program = compiledProgram(new URL('memory.child.ts', import.meta.url))
    const env = { ...process.env, S3_URL: server?.url, FOLDER: folder, MEGABYTES: '300' }
    const child = new Child(process.execPath, [program], { env })
    expect(await child.ended(), child.output).toBe(0)
    const [, growth = 'unknown'] = /growth (\d+) MB/.exec(child.output) ?? []
    expect(Number(growth)).toBeLessThan(120)
  })
})
