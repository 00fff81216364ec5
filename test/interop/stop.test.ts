import { expect, test } from 'vitest'
import { TAKES_NOTHING } from '../support/generations.js'
import { isDone, taskNamesIn, type WorkerRecord } from '../support/interop/client-api.js'
import { dispatch, dispatchToFull } from '../support/interop/dispatch.js'
import { EVERYWHERE, forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import { WaitingRoom } from '../support/interop/waiting-room.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'

forEachOrchestrator(
  'a graceful stop',
  { pollHoldMs: 2_000 },
  (running) => {
    /** Only the first generation takes the names back; in the second they stay, and its status keeps tasks away. */
    const offersNothing = (record: WorkerRecord | undefined): boolean => {
      const { generation } = running()
      if (record?.status !== TAKES_NOTHING[generation]) return false
      return generation === 'rxon' || taskNamesIn(record).length === 0
    }

    test('says first that it takes nothing more, then lets the running task end', async () => {
      const room = new WaitingRoom()
      const worker = workerFor(running(), { id: 'stopping' })
      worker.task('last', room.handler)
      await startedFor(running(), worker, 'last')
      const id = await dispatch(running(), { type: 'last', params: { n: 1 } })
      await room.untilEntered(1)
      const stopped = worker.stop()
      await running().client.waitForWorker('stopping', offersNothing)
      await expect(dispatch(running(), { type: 'last' })).rejects.toThrow('no idle worker')
      expect(worker.state).toBe('draining')
      room.open()
      await stopped
      await running().client.waitForJob(id, isDone)
      expect((await running().client.workers()).find((record) => record.worker_id === 'stopping')).toSatisfy(
        offersNothing,
      )
    })

    test('hands back a task that comes too late, and its successor does it', async () => {
      const worker = workerFor(running(), { id: 'succeeded', maxConcurrentTasks: 1 })
      const handedBack: string[] = []
      const never = new WaitingRoom()
      worker.on('taskHandedBack', ({ jobId }) => handedBack.push(jobId))
      worker.task('baton', (params) => (params['n'] === 'before' ? {} : never.handler(params)))
      await startedFor(running(), worker, 'baton')
      // A task that has just come leaves a fresh poll behind, which outlasts the announcement.
      const before = await dispatch(running(), { type: 'baton', params: { n: 'before' } })
      await running().client.waitForJob(before, isDone)
      const stopped = worker.stop()
      await running().client.waitForWorker('succeeded', offersNothing)
      const late = await dispatchToFull(running(), 'succeeded', { type: 'baton', params: { n: 'late' } })
      await eventually('the task is handed back', () => handedBack.length > 0)
      expect(handedBack).toEqual([late])
      await stopped

      const successor = workerFor(running(), { id: 'succeeded' })
      successor.task('baton', (params) => ({ data: params }))
      await startedFor(running(), successor, 'baton')
      const job = await running().client.waitForJob(late, isDone)
      expect(job).toMatchObject({ state_history: { n: 'late' }, retry_count: 1 })
      expect(never.entered).toEqual([])
    })
  },
  EVERYWHERE,
)
