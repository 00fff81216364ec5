import { statfsSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasPrometheus, type Prometheus } from '../../support/prometheus.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { NO_DISK, smallDisk } from '../../support/small-disk.js'
import { servedWorker, watching } from './set-up.js'

/** Writes until nothing fits. */
const fill = (disk: string): string => {
  const filler = join(disk, 'filler')
  const { bavail, bsize } = statfsSync(disk)
  expect(() => writeFileSync(filler, Buffer.alloc((bavail + 10) * bsize))).toThrow('ENOSPC')
  return filler
}

describe.skipIf(!hasPrometheus)('AvtomatikaWorkerDiskFull', () => {
  let prometheus: Prometheus
  let nextPort: () => number

  beforeAll(async () => {
    ;({ prometheus, nextPort } = await watching(2))
  })
  afterAll(() => prometheus.stop())

  test('fires on a full disk of the journal until there is room', async ({ skip }) => {
    const disk = smallDisk(64)
    skip(disk === undefined, NO_DISK)
    if (disk === undefined) return
    const orchestrator = await RawOrchestrator.start()
    const port = nextPort()
    const instance = `127.0.0.1:${port}`
    const { worker, serve } = servedWorker(orchestrator.url, port, { variables: { WORKER_STATE_DIR: disk } })
    worker.task('work', () => ({ data: { long: 'x'.repeat(5_000) } }))
    await serve(prometheus)
    const filler = fill(disk)
    orchestrator.offer('work')
    const { labels } = await prometheus.fires('AvtomatikaWorkerDiskFull', { instance })
    expect(labels).toMatchObject({ cause: 'journal_trouble', severity: 'critical' })
    await rm(filler)
    await prometheus.isQuiet('AvtomatikaWorkerDiskFull', { instance })
  })

  test('fires on a full disk of the files of tasks, too', async ({ skip }) => {
    const disk = smallDisk(8_192)
    skip(disk === undefined, NO_DISK)
    if (disk === undefined) return
    const orchestrator = await RawOrchestrator.start()
    const port = nextPort()
    const instance = `127.0.0.1:${port}`
    const { worker, serve } = servedWorker(orchestrator.url, port, { variables: { TASK_FILES_DIR: disk } })
    worker.task('writes', (_params, { files }) => files.write('large', Buffer.alloc(100_000, 1)))
    await serve(prometheus)
    const filler = fill(disk)
    orchestrator.offer('writes')
    const { labels } = await prometheus.fires('AvtomatikaWorkerDiskFull', { instance })
    expect(labels['cause']).toBe('disk_full')
    await rm(filler)
    await prometheus.isQuiet('AvtomatikaWorkerDiskFull', { instance })
  })
})
