import { expect, test } from 'vitest'
import { isDone, offers } from '../support/interop/client-api.js'
import { dispatch } from '../support/interop/dispatch.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import { WaitingRoom } from '../support/interop/waiting-room.js'
import { wireWorker } from '../support/interop/wire-worker.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'

forEachOrchestrator('a restart', {}, (running) => {
  const runsAJob = async (type: string) => {
    const id = await dispatch(running(), { type, params: { n: 'new' } })
    await running().client.waitForJob(id, isDone)
  }

  test.each(['SIGTERM', 'SIGKILL'] as const)('by %s in mid-work loses no task', async (signal) => {
    const name = `over-${signal}`
    const room = new WaitingRoom()
    const worker = workerFor(running(), { id: name })
    const finished: string[] = []
    const answers = new Map<string, string>()
    worker.on('taskFinished', ({ jobId }) => finished.push(jobId))
    worker.on('resultDelivered', ({ jobId }) => answers.set(jobId, 'taken'))
    worker.on('resultRefused', ({ jobId, error }) => answers.set(jobId, error.message))
    worker.task(name, room.handler)
    await startedFor(running(), worker, name)
    const ids: string[] = []
    for (const n of [1, 2, 3]) ids.push(await dispatch(running(), { type: name, params: { n } }))
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

    const answer = running().jobsAfterRestart === 'kept' ? 'taken' : expect.stringContaining('Job not found')
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
    const { client, url, workerToken, jobsAfterRestart } = running()
    const worker = wireWorker(url, workerToken, 'survivor')
    await worker.register(['survive'])
    const id = await dispatch(running(), { type: 'survive' })
    const task = await worker.take()
    await running().restart('SIGKILL', async () => {
      await expect(worker.poll()).rejects.toThrow()
    })
    const answer = await worker.report(task, { status: 'success' })
    expect(answer.status).toBe(jobsAfterRestart === 'kept' ? 200 : 404)
    if (jobsAfterRestart === 'kept') await client.waitForJob(id, isDone)
  })
})
