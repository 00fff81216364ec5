import { TransientError } from 'avtomatika-worker'
import { expect, test } from 'vitest'
import { FULL } from '../support/generations.js'
import { isDone, type JobState, taskNamesIn, type WorkerRecord } from '../support/interop/client-api.js'
import { dispatch, dispatchToFull } from '../support/interop/dispatch.js'
import { EVERYWHERE, forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { WaitingRoom } from '../support/interop/waiting-room.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'

// The second generation hears of the load with the next heartbeat only (§2.4.8).
const SOON = { HEARTBEAT_INTERVAL: 1 }

/** The task names that have a free slot: the second generation keeps those that are supported beside them. */
const namesWithRoom = (record: WorkerRecord): readonly string[] =>
  record.available_skills ?? taskNamesIn(record)

forEachOrchestrator(
  'concurrency',
  {},
  (running) => {
    const allDone = async (ids: readonly string[]) => {
      for (const id of ids) await running().client.waitForJob(id, isDone)
    }

    test('with one slot, what was queued meanwhile runs in the order of its priority', async () => {
      const room = new WaitingRoom()
      const worker = workerFor(running(), { id: 'one-slot', maxConcurrentTasks: 1 })
      worker.task('ranked', room.handler)
      await startedFor(running(), worker, 'ranked')
      const ids = [await dispatch(running(), { type: 'ranked', params: { n: 'first' } })]
      await room.untilEntered(1)
      for (const priority of [2, 8, 5, -1]) {
        const task = { type: 'ranked', params: { n: priority }, priority }
        ids.push(await dispatchToFull(running(), worker.id, task))
      }
      room.open()
      await allDone(ids)
      expect(room.entered).toEqual(['first', 8, 5, 2, -1])
      expect(room.peak).toBe(1)
    })

    test('never more tasks at once than the global limit, however many are queued', async () => {
      const room = new WaitingRoom()
      const worker = workerFor(running(), { id: 'three-slots', maxConcurrentTasks: 3 })
      worker.task('crowded', room.handler)
      await startedFor(running(), worker, 'crowded')
      const ids: string[] = []
      for (let n = 0; n < 12; n++) {
        ids.push(await dispatchToFull(running(), worker.id, { type: 'crowded', params: { n } }))
      }
      for (let n = 3; n <= 12; n++) {
        await room.untilEntered(n)
        room.letOneOut()
      }
      room.open()
      await allDone(ids)
      expect(room.peak).toBe(3)
      expect(room.entered.toSorted()).toEqual([...Array(12).keys()].toSorted())
    })

    test('a full worker says so in the words of its generation, and is idle again when a slot is free', async () => {
      const room = new WaitingRoom()
      const worker = workerFor(running(), { id: 'full', maxConcurrentTasks: 1, variables: SOON })
      worker.task('filling', room.handler)
      await startedFor(running(), worker, 'filling')
      const ids = [await dispatch(running(), { type: 'filling' })]
      await running().client.waitForWorker(worker.id, (record) => {
        if (record?.status !== FULL[running().generation] || record.load !== 1) return false
        return namesWithRoom(record).length === 0
      })
      // The second generation's job would not wait for a worker that says it is busy: it waits in the queue of one that is idle.
      const second = dispatch(running(), { type: 'filling' })
      if (running().generation === 'rxon') ids.push(await second)
      else await expect(second).rejects.toThrow('no idle worker')
      room.open()
      await allDone(ids)
      expect(room.peak).toBe(1)
      await running().client.waitForWorker(
        worker.id,
        (record) => record?.status === 'idle' && record.load === 0,
      )
    })

    // A transient failure is dispatched again at once: it has to find a worker that is idle, or the answer is 500, and
    // each resend of the result uses up one more try.
    test('a transient failure in the last free slot costs one try', async () => {
      const room = new WaitingRoom()
      const worker = workerFor(running(), { id: 'unlucky', maxConcurrentTasks: 1 })
      let tries = 0
      worker.task('unlucky', async (params) => {
        await room.handler(params)
        if (++tries === 1) throw new TransientError('only once')
        return { data: { tries } }
      })
      await startedFor(running(), worker, 'unlucky')
      const id = await dispatch(running(), { type: 'unlucky' })
      await room.untilEntered(1)
      await running().client.waitForWorker(
        worker.id,
        (record) => record?.status === FULL[running().generation],
      )
      room.open()
      const hasEnded = (job: JobState) => isDone(job) || job.status === 'quarantined'
      const job = await running().client.waitForJob(id, hasEnded)
      expect(isDone(job)).toBe(true)
      expect(job).toMatchObject({ state_history: { tries: 2 }, retry_count: 1 })
    })

    test('a type that is full is not offered, and the other tasks run on', async () => {
      const videos = new WaitingRoom()
      const worker = workerFor(running(), {
        id: 'mixed',
        maxConcurrentTasks: 5,
        taskTypeLimits: { video: 1 },
        variables: SOON,
      })
      worker
        .task('upscale', { taskType: 'video' }, videos.handler)
        .task('blur', { taskType: 'video' }, videos.handler)
        .task('transcribe', (params) => ({ data: params }))
      await startedFor(running(), worker, 'upscale')
      const first = await dispatch(running(), { type: 'upscale', params: { n: 0 } })
      await videos.untilEntered(1)
      await running().client.waitForWorker(worker.id, (record) => {
        return record?.status === 'idle' && namesWithRoom(record).join() === 'transcribe'
      })
      // What the orchestrator sends all the same waits inside the worker, and leaves slots for others.
      const late = [
        await dispatchToFull(running(), worker.id, { type: 'blur', params: { n: 1 } }),
        await dispatchToFull(running(), worker.id, { type: 'upscale', params: { n: 2 } }),
      ]
      await running().client.waitForWorker(worker.id, (record) => record?.load === 3)
      for (let n = 0; n < 5; n++)
        await allDone([await dispatch(running(), { type: 'transcribe', params: { n } })])
      expect(videos.entered).toEqual([0])
      videos.open()
      await allDone([first, ...late])
      expect(videos.peak).toBe(1)
      expect(videos.entered.toSorted()).toEqual([0, 1, 2])
    })
  },
  EVERYWHERE,
)
