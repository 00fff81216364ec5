import { readFile, writeFile } from 'node:fs/promises'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, onTestFinished, test } from 'vitest'
import type { Handler } from '../../src/index.js'
import { type Fault, PASS } from '../support/chaos/fault.js'
import { FaultProxy } from '../support/chaos/fault-proxy.js'
import { mayNotSkip } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import {
  createJob,
  type ProductionJob,
  readJob,
  startProduction,
  waitForJob,
  waitForWorker,
} from '../support/interop/production-orchestrator.js'
import { MODES, prepare, startOverTls, startResizer } from '../support/interop/production-setup.js'
import type { RedisServer } from '../support/interop/redis-server.js'
import { WaitingRoom } from '../support/interop/waiting-room.js'
import { clientOf, KEYS, SERVERS } from '../support/s3/servers.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { canCertify } from '../support/tls/certificates.js'

/** What an orchestrator says to a poll when there is no task. */
const NOTHING: Fault = { kind: 'answer', status: 204 }

/** Resolves when the task of a new job lies in its worker's queue, and the orchestrator has done all that belongs to it. */
const untilQueued = (redis: RedisServer, read: () => Promise<ProductionJob>) =>
  eventually('the task is queued', async () => {
    const { current_task_id } = await read()
    const script = "return redis.call('XPENDING', 'orchestrator:job_stream', 'orchestrator_group')[1]"
    return current_task_id !== undefined && (await redis.command('EVAL', script, '0')) === '0'
  })

test('two orchestrators on one Redis share the jobs and a worker, and one of them may go', async ({
  skip,
}) => {
  const prepared = await prepare()
  if (typeof prepared === 'string') return skip(prepared)
  const first = await startProduction({ ...prepared, env: { INSTANCE_ID: 'first' } })
  const second = await startProduction({ ...prepared, env: { INSTANCE_ID: 'second' } })
  await startResizer({
    ORCHESTRATORS: [
      { url: first.url, priority: 1, weight: 1 },
      { url: second.url, priority: 2, weight: 1 },
    ],
  })
  await waitForWorker(first, 'resizer')
  // Handed in at the one that the worker does not poll.
  const id = await createJob(second, { source: 'a.jpg' })
  expect(await waitForJob(second, id)).toMatchObject({ resized: 'a.jpg' })

  await first.child.end('SIGKILL')
  const next = await createJob(second, { source: 'b.jpg' })
  expect(await waitForJob(second, next)).toMatchObject({ resized: 'b.jpg' })
})

test.each(MODES)('over TLS, in the mode $mode, a worker is let in by $shows', async ({ mode, shows }) => {
  const prepared = await prepare()
  if (typeof prepared === 'string' || !canCertify()) return expect(mayNotSkip()).toBe(false)
  const { orchestrator, paths } = await startOverTls(prepared, mode, shows)
  await startResizer({ ORCHESTRATOR_URL: orchestrator.url, ...paths, WORKER_ENABLE_WEBSOCKETS: true })
  await waitForWorker(orchestrator, 'resizer')
  const id = await createJob(orchestrator, { source: 'a.jpg' })
  expect(await waitForJob(orchestrator, id)).toMatchObject({ resized: 'a.jpg' })
})

test.each([1, 2])(
  '§3.1.1 on Redis a task that counts as overdue while it runs is done once (slots: %i)',
  async (slots) => {
    const prepared = await prepare()
    if (typeof prepared === 'string') return expect(mayNotSkip()).toBe(false)
    const orchestrator = await startProduction({ ...prepared, env: { WATCHER_INTERVAL_SECONDS: '1' } })
    const proxy = await FaultProxy.to(orchestrator.url)
    onTestFinished(() => proxy.close())
    // It is always misjudged when it has waited in the queue. One that a poll waits for may be picked up before the
    // orchestrator writes down when it was put there, and then that is what counts.
    proxy.plan = ({ path }) => (path.endsWith('/tasks/next') ? NOTHING : PASS)
    const room = new WaitingRoom()
    await startResizer({ ORCHESTRATOR_URL: proxy.url }, room.handler, slots)
    await waitForWorker(orchestrator, 'resizer')
    const id = await createJob(orchestrator, { n: 1 })
    await untilQueued(prepared.redis, () => readJob(orchestrator, id))
    proxy.plan = () => PASS
    await room.untilEntered(1)
    let job: ProductionJob = {}
    const isOverdue = async () => {
      job = await readJob(orchestrator, id)
      return (job.retry_count ?? 0) > 0
    }
    await eventually('it counts as overdue', isOverdue, {}, () => job)
    room.open()
    await waitForJob(orchestrator, id)
    expect(room.entered).toEqual([1])
  },
)

test('§3.2.7 files come from S3 before a task and go there after it', async () => {
  const prepared = await prepare()
  const found = await SERVERS['moto']?.()
  if (typeof prepared === 'string' || !found || 'missing' in found) return expect(mayNotSkip()).toBe(false)
  const [orchestrator, server] = [await startProduction(prepared), await found.start()]
  onTestFinished(() => server.stop())
  const client = clientOf(server)
  onTestFinished(() => client.destroy())
  await client.send(new CreateBucketCommand({ Bucket: 'pictures' }))
  await client.send(new PutObjectCommand({ Bucket: 'pictures', Key: 'a.jpg', Body: 'jpg' }))
  const resize: Handler = async ({ source }, { files }) => {
    const target = await files.pathTo('a.png')
    await writeFile(target, `${await readFile(source, 'utf8')} as png`)
    return { resized: target }
  }
  const s3 = {
    S3_ENDPOINT_URL: server.url,
    S3_ACCESS_KEY: KEYS.accessKey,
    S3_SECRET_KEY: KEYS.secretKey,
    S3_DEFAULT_BUCKET: 'pictures',
    TASK_FILES_DIR: temporaryFolder(),
  }
  await startResizer({ ORCHESTRATOR_URL: orchestrator.url, ...s3 }, resize)
  await waitForWorker(orchestrator, 'resizer')
  const id = await createJob(orchestrator, { source: 's3://pictures/a.jpg' })
  const { resized } = (await waitForJob(orchestrator, id)) as { resized: string }
  const { data_metadata: files } = await readJob(orchestrator, id)
  expect(files).toMatchObject({ resized: { uri: resized, size: 10, etag: expect.any(String) } })
  const { Body: body } = await client.send(
    new GetObjectCommand({ Bucket: 'pictures', Key: resized.slice(14) }),
  )
  expect(await body?.transformToString()).toBe('jpg as png')
})
