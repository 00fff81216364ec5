import { once } from 'node:events'
import { TaskCancelledError, type Worker } from 'avtomatika-worker'
import { beforeEach, expect, test } from 'vitest'
import { Inbox } from '../support/inbox.js'
import { isDone } from '../support/interop/client-api.js'
import { dispatch, dispatchToFull } from '../support/interop/dispatch.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import { mutedSockets } from '../support/interop/muted-sockets.js'
import type { OrchestratorUnderTest } from '../support/interop/orchestrator-under-test.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'
import { eventsOf } from '../support/worker-of.js'

forEachOrchestrator('the socket of a worker', { talkative: true }, (running) => {
  let name = ''
  let tests = 0
  beforeEach(() => {
    name = `worker-socket-${++tests}`
  })

  /** A worker with an open socket, whose task waits for its signal. */
  const start = async (orchestrator: OrchestratorUnderTest = running()) => {
    const worker = workerFor(orchestrator, { id: name, variables: { WORKER_ENABLE_WEBSOCKETS: true } })
    const begun = new Inbox<AbortSignal>()
    const opened = eventsOf(worker, 'socketOpened')
    worker.task(name, async (_, { signal }) => {
      begun.put(signal)
      await once(signal, 'abort')
      throw signal.reason
    })
    await startedFor(orchestrator, worker, name)
    await opened.next()
    return { worker, begun, opened }
  }

  /** Once the orchestrator has a socket to send it down. */
  const cancelled = (id: string) =>
    eventually(
      'the orchestrator sends the cancel',
      async () => {
        const { body } = await running().client.cancel(id)
        return (body as { status: string }).status === 'cancellation_request_sent'
      },
      { pauseMs: 200, deadlineMs: 40_000 },
    )

  const runAndCancel = async ({ begun }: { begun: Inbox<AbortSignal> }) => {
    const id = await dispatch(running(), { type: name })
    const signal = await begun.next()
    await cancelled(id)
    await running().client.waitForJob(id, (job) => job.current_state === 'cancelled_state')
    expect(signal.reason).toBeInstanceOf(TaskCancelledError)
  }

  test('brings the cancel of a job, which aborts its handler', async () => {
    await runAndCancel(await start())
  })

  test('brings the cancel of a job whose task still waits in the queue: it never runs', async () => {
    const worker = workerFor(running(), {
      id: name,
      maxConcurrentTasks: 1,
      variables: { WORKER_ENABLE_WEBSOCKETS: true },
    })
    const begun = new Inbox<() => void>()
    const opened = eventsOf(worker, 'socketOpened')
    worker.task(name, () => new Promise((end) => begun.put(() => end({ ran: begun.all.length }))))
    await startedFor(running(), worker, name)
    await opened.next()
    const first = await dispatch(running(), { type: name })
    const end = await begun.next()
    const second = await dispatchQueued(worker)
    await cancelled(second)
    end()
    await running().client.waitForJob(first, isDone)
    await running().client.waitForJob(second, (job) => job.current_state === 'cancelled_state')
    expect(begun.all).toHaveLength(1)
  })

  const dispatchQueued = (worker: Worker) => dispatchToFull(running(), worker.id, { type: name })

  test('takes progress up', async () => {
    if (running().kind === 'embedded') return
    const worker = workerFor(running(), { id: name, variables: { WORKER_ENABLE_WEBSOCKETS: true } })
    const opened = eventsOf(worker, 'socketOpened')
    worker.task(name, (_, { progress }) => progress(0.5, `half of ${name}`))
    await startedFor(running(), worker, name)
    await opened.next()
    const id = await dispatch(running(), { type: name })
    await running().client.waitForJob(id, isDone)
    const line = `Received progress update from worker ${name} for job ${id}: 50% - half of ${name}`
    await eventually('it is logged', () => running().log().includes(line))
  })

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'is opened again after the orchestrator had a %s',
    async (signal) => {
      const parts = await start()
      await running().restart(signal)
      await parts.opened.next()
      await running().client.waitForWorker(name, (record) => record?.status === 'idle')
      await runAndCancel(parts)
    },
  )

  test('that went silent is replaced by one that the orchestrator does not forget', async () => {
    const proxy = await mutedSockets(running().url)
    const parts = await start({ ...running(), url: proxy.url })
    proxy.mute()
    await parts.opened.next()
    await runAndCancel(parts)
  })
})
