import { expect, test } from 'vitest'
import { isDispatched, isDone, type JobState } from '../support/interop/client-api.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { isSigned } from '../support/interop/rxon-signing.js'
import { rxonWireWorker } from '../support/interop/rxon-wire-worker.js'

// Raw requests instead of a worker: what the embedded orchestrator answers is what the real one answers.
forEachOrchestrator(
  'the rxon wire',
  {},
  (running) => {
    let workers = 0
    const newWorker = () => rxonWireWorker(running().url, running().workerToken, `rxon-wire-${++workers}`)
    const skillName = () => `echo-${workers}`
    const dispatch = async () => {
      const id = await running().client.createJob({ type: skillName(), params: { x: 1.5 } })
      return running().client.waitForJob(id, isDispatched)
    }
    const registered = async () => {
      const worker = newWorker()
      await worker.register([skillName()])
      return worker
    }
    const settled = (job: JobState, hope: (job: JobState) => boolean) =>
      running().client.waitForJob(job.id, hope)

    test('a registration is answered and recorded', async () => {
      const worker = newWorker()
      const answer = await worker.register([skillName()])
      expect(answer).toMatchObject({ status: 200, body: { status: 'registered', version: '1.0b17' } })
      expect(answer.headers['x-rxon-version']).toBe('1.0b17')
      const records = await running().client.workers()
      expect(records.find((record) => record.worker_id === worker.id)).toMatchObject({
        worker_type: 'wire',
        supported_skills: [{ name: skillName(), type: skillName() }],
      })
    })

    test('a task is signed, and a success moves the job and merges its data', async () => {
      const worker = await registered()
      const job = await dispatch()
      const task = await worker.take()
      expect(task).toMatchObject({ job_id: job.id, task_id: job.current_task_id, type: skillName() })
      expect(isSigned(task.text, running().secretKey)).toBe(true)
      const { status, body } = await worker.report(task, { data: { y: 2 } })
      expect({ status, body }).toEqual({
        status: 200,
        body: { status: 'accepted', transition: 'success_transition' },
      })
      expect((await settled(job, isDone)).state_history).toMatchObject({ y: 2 })
    })
  },
  ['rxon'],
)
