import { expect, test } from 'vitest'
import { isDone, offers } from '../support/interop/client-api.js'
import { dispatch } from '../support/interop/dispatch.js'
import { EVERYWHERE, forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import type { OrchestratorUnderTest } from '../support/interop/orchestrator-under-test.js'
import { WaitingRoom } from '../support/interop/waiting-room.js'
import { wireOf } from '../support/interop/wire-of.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'

/** Without it, the second generation on Redis offers each task anew that was begun before it started (§3.1.1). */
const TIMED = { resultTimeoutSeconds: 300 }

/** What is said to the result of a task whose job is gone. */
const NO_SUCH_JOB = {
  '1.0b11': { told: 'resultSetAside', answer: { status: 500 } },
  classic: { told: expect.stringMatching(/^resultRefused: .*Job not found/), answer: { status: 404 } },
  rxon: {
    told: 'resultIgnored: job_not_found',
    answer: { status: 200, body: { status: 'ignored', reason: 'job_not_found' } },
  },
} as const

const noSuchJob = ({ name, generation }: OrchestratorUnderTest) =>
  NO_SUCH_JOB[name.startsWith('1.0b11') ? '1.0b11' : generation]

// One on Redis has to be killed after all (§3.1.19).
forEachOrchestrator(
  'a restart',
  {},
  (running) => {
    const runsAJob = async (type: string) => {
      const id = await dispatch(running(), { type, params: { n: 'new' } })
      await running().client.waitForJob(id, isDone)
    }

    test.each(['SIGTERM', 'SIGKILL'] as const)('by %s in mid-work loses no task', async (signal) => {
      const name = `over-${signal}`
      const room = new WaitingRoom()
      const worker = workerFor(running(), { id: name, variables: { WORKER_SHUTDOWN_TIMEOUT: 1 } })
      const finished: string[] = []
      const answers = new Map<string, string>()
      worker.on('taskFinished', ({ jobId }) => finished.push(jobId))
      worker.on('resultDelivered', ({ jobId }) => answers.set(jobId, 'taken'))
      worker.on('resultRefused', ({ jobId, error }) => answers.set(jobId, `resultRefused: ${error.message}`))
      worker.on('resultSetAside', ({ jobId }) => answers.set(jobId, 'resultSetAside'))
      worker.on('resultIgnored', ({ jobId, reason }) => answers.set(jobId, `resultIgnored: ${reason}`))
      worker.task(name, room.handler)
      await startedFor(running(), worker, name)
      const ids: string[] = []
      for (const n of [1, 2, 3]) ids.push(await dispatch(running(), { type: name, params: { n }, ...TIMED }))
      await room.untilEntered(3)

      await running().restart(signal, async () => {
        // Two end while nobody listens; the third runs on, and ends afterwards.
        room.letOneOut()
        room.letOneOut()
        await eventually('two tasks have ended', () => finished.length === 2)
      })
      await eventually('two results are answered', () => answers.size === 2)
      room.open()
      await eventually('all results are answered', () => answers.size === 3)

      const { jobsAfterRestart } = running()
      const answer = jobsAfterRestart === 'kept' ? 'taken' : noSuchJob(running()).told
      expect(Object.fromEntries(answers)).toEqual(Object.fromEntries(ids.map((id) => [id, answer])))
      expect(room.entered).toHaveLength(3)
      if (running().jobsAfterRestart === 'kept')
        for (const id of ids) await running().client.waitForJob(id, isDone)
      await running().client.waitForWorker(name, offers(name))
      await runsAJob(name)
    })

    test('a worker that started while nobody listened registers later', async () => {
      const worker = workerFor(running(), { id: 'early' })
      worker.task('early', (params) => ({ data: params }))
      await running().restart('SIGKILL', () => worker.start())
      await running().client.waitForWorker('early', offers('early'))
      await runsAJob('early')
    })

    test('a result of a task from before is answered as the job fares', async () => {
      const { client, jobsAfterRestart } = running()
      const worker = wireOf(running(), 'survivor')
      await worker.register(['survive'])
      const id = await dispatch(running(), { type: 'survive', ...TIMED })
      const task = await worker.take()
      await running().restart('SIGKILL', async () => {
        await expect(worker.poll()).rejects.toThrow()
      })
      const answer = await worker.report(task, { status: 'success' })
      const expected = jobsAfterRestart === 'kept' ? { status: 200 } : noSuchJob(running()).answer
      expect(answer).toMatchObject(expected)
      if (jobsAfterRestart === 'kept') await client.waitForJob(id, isDone)
    })
  },
  EVERYWHERE,
)
