import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WorkerConfig } from '../../../src/config/worker-config.js'
import { replay } from '../../../src/journal/replay.js'
import { Worker } from '../../../src/worker.js'
import { GENERATIONS, TAKES_NOTHING } from '../../support/generations.js'
import { eventually } from '../../support/interop/eventually.js'
import { nextEvent } from '../../support/next-event.js'
import { NO_DISK, smallDisk } from '../../support/small-disk.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { gate } from '../../support/test-worker.js'
import { StandIn } from './stand-in.js'

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent }

const workerOn = (folder: string, url: string): Worker => {
  const config = new WorkerConfig({
    ORCHESTRATOR_URL: url,
    WORKER_ID: 'w1',
    WORKER_STATE_DIR: folder,
    HEARTBEAT_INTERVAL: 1,
    WORKER_HEARTBEAT_DEBOUNCE_DELAY: 0.01,
    WORKER_SHUTDOWN_TIMEOUT: 1,
    RESULT_RETRY_INITIAL_DELAY: 0.01,
  })
  const worker = new Worker({ config, logger: silent })
  worker.task('echo', (params) => ({ data: params }))
  worker.task('hang', () => new Promise(() => {}))
  onTestFinished(() => worker.stop({ pollGraceMs: 0 }))
  return worker
}

describe.each(GENERATIONS)('with an orchestrator of the generation %s', (generation) => {
  test('on a full disk the worker takes no tasks and finishes the running ones, until there is room', async ({
    skip,
  }) => {
    // A few pages of memory.
    const folder = smallDisk(64)
    skip(folder === undefined, NO_DISK)
    if (folder === undefined) return
    const standIn = await StandIn.start(generation)
    const worker = workerOn(folder, standIn.url)
    await worker.start()
    const status = () => standIn.heartbeats.at(-1)?.['status']
    await eventually('a poll is open', () => standIn.openPolls === 1 && status() === 'idle')
    expect(worker.readiness).toEqual({ ready: true })

    const filler = join(folder, 'filler')
    expect(() => writeFileSync(filler, Buffer.alloc(1_000_000))).toThrow('ENOSPC')
    // More than fits into the last page of the journal.
    const long = 'x'.repeat(5_000)
    const first = standIn.offer('echo', { long })
    expect(await standIn.delivered(first)).toMatchObject([{ result: { status: 'success', data: { long } } }])
    await eventually(
      'a heartbeat says that the worker takes no tasks',
      () => status() === TAKES_NOTHING[generation],
    )
    expect(worker.readiness).toEqual({ ready: false, reason: expect.stringContaining('ENOSPC') })

    rmSync(filler)
    await eventually('the worker takes tasks again', () => status() === 'idle' && standIn.openPolls > 0)
    expect(worker.readiness).toEqual({ ready: true })
    const second = standIn.offer('hang')
    const open = () => replay(readFileSync(join(folder, 'journal.log'))).state.tasks
    await eventually('the journal has the task', () => open().length === 1)
    expect(open()).toMatchObject([{ fact: 'accepted', taskId: second }])
  })

  test('a task that runs when the disk fills up ends normally, and its result is retried until it is taken', async ({
    skip,
  }) => {
    const folder = smallDisk(64)
    skip(folder === undefined, NO_DISK)
    if (folder === undefined) return
    const standIn = await StandIn.start(generation)
    const worker = workerOn(folder, standIn.url)
    const entered = gate()
    const end = gate()
    worker.task('long', async () => {
      entered.open()
      await end.opened
      return { data: { long: 'x'.repeat(5_000) } }
    })
    await worker.start()
    const id = standIn.offer('long')
    await entered.opened
    expect(() => writeFileSync(join(folder, 'filler'), Buffer.alloc(1_000_000))).toThrow('ENOSPC')
    let refusals = 2
    standIn.resultAnswer = () => (refusals-- > 0 ? 503 : 200)
    const delivered = nextEvent(worker, 'resultDelivered')
    end.open()
    expect(await delivered).toMatchObject({ taskId: id })
    const sent = await standIn.delivered(id)
    expect(sent).toHaveLength(3)
    expect(sent.at(-1)).toMatchObject({ result: { status: 'success' } })
    expect(worker.readiness).toEqual({ ready: false, reason: expect.stringContaining('ENOSPC') })
    rmSync(join(folder, 'filler'))
    await eventually('the worker takes tasks again', () => worker.readiness.ready)
    expect(replay(readFileSync(join(folder, 'journal.log'))).state.tasks).toEqual([])
  })

  test('a worker whose state directory cannot be created runs without a journal', async () => {
    const standIn = await StandIn.start(generation)
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    const worker = workerOn(join(file, 'below'), standIn.url)
    await worker.start()
    const id = standIn.offer('echo')
    await standIn.delivered(id)
    expect(worker.readiness).toEqual({ ready: true })
  })
})
