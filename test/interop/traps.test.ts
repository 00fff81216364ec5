import { PermanentError } from 'avtomatika-worker'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { type Fault, PASS } from '../support/chaos/fault.js'
import { FaultProxy } from '../support/chaos/fault-proxy.js'
import { isDone, type JobState, offers } from '../support/interop/client-api.js'
import { dispatch } from '../support/interop/dispatch.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import { WaitingRoom } from '../support/interop/waiting-room.js'
import { startedFor, type WorkerSetup, workerFor } from '../support/interop/worker-for.js'
import { eventsOf } from '../support/worker-of.js'

const OWN_TOKEN = 'token-of-one-worker'
const DEFAULT_TOKEN = 'your-secret-worker-token'
const isQuarantined = (job: JobState): boolean => job.status === 'quarantined'

// docs/reference/protocol.md, chapter 3: what loses tasks elsewhere, here with the orchestrators that do it.
forEachOrchestrator(
  'traps',
  { individualTokens: { 'trap-own': OWN_TOKEN, 'trap-default': DEFAULT_TOKEN } },
  (running) => {
    let name = ''
    let tests = 0
    beforeEach(() => {
      name = `trap-${++tests}`
    })

    const workerWith = (setup: Partial<WorkerSetup> = {}) =>
      workerFor(running(), {
        id: name,
        ...setup,
        variables: { ORCHESTRATOR_PROTOCOL: 'rxon', HEARTBEAT_INTERVAL: 1, ...setup.variables },
      })
    const end = (id: string, hope = isDone) => running().client.waitForJob(id, hope)
    const run = async (params = {}) => end(await dispatch(running(), { type: name, params }))
    /** A proxy on the way of a worker, with what was answered there. */
    const proxied = async () => {
      const answers: { readonly path: string; readonly status: number; readonly text: string }[] = []
      const proxy = await FaultProxy.to(running().url, {
        onAnswer: ({ path }, { status, text }) => void answers.push({ path, status, text }),
      })
      onTestFinished(() => proxy.close())
      const to = (pathEnd: string) => answers.filter(({ path }) => path.endsWith(pathEnd))
      return { proxy, to }
    }

    test('§3.1.3 a job for a worker whose slots are taken waits for it', async () => {
      const room = new WaitingRoom()
      const worker = workerWith({ maxConcurrentTasks: 1 })
      worker.task(name, room.handler)
      await startedFor(running(), worker, name)
      const first = await dispatch(running(), { type: name, params: { n: 1 } })
      await room.untilEntered(1)
      const second = await dispatch(running(), { type: name, params: { n: 2 } })
      room.open()
      for (const id of [first, second]) await end(id)
    })

    test('§3.1.4 a result has no metadata', async () => {
      const { proxy } = await proxied()
      const worker = workerWith({ variables: { ORCHESTRATOR_URL: proxy.url } })
      worker.task(name, () => ({ ok: true }))
      await startedFor(running(), worker, name)
      await run()
      const [result] = proxy.requests.filter(({ path }) => path.endsWith('/tasks/result'))
      expect(JSON.parse(result?.body ?? '')).not.toHaveProperty('metadata')
    })

    test('§3.1.5 of jobs that come at once none is dropped', async () => {
      const worker = workerWith()
      worker.task(name, () => ({ ok: true }))
      await startedFor(running(), worker, name)
      const ids = await Promise.all(
        Array.from({ length: 30 }, () => running().client.createJob({ type: name })),
      )
      for (const id of ids) await end(id)
    })

    test('§3.1.6 a worker that was forgotten finds out, and has its next job', async () => {
      const { proxy } = await proxied()
      const worker = workerWith({ variables: { ORCHESTRATOR_URL: proxy.url } })
      const lost = eventsOf(worker, 'registrationLost')
      worker.task(name, () => ({ ok: true }))
      await startedFor(running(), worker, name)
      // Trouble makes it ask; without any it does so every 45 s.
      await proxy.refuse()
      await running().forgetWorkers()
      await proxy.accept()
      await lost.next()
      await running().client.waitForWorker(name, offers(name))
      await run()
    })

    test('§3.1.8 a cancelled job stays cancelled, whatever its handler returns', async () => {
      const worker = workerWith()
      let aborted = () => {}
      const stopped = new Promise<void>((resolve) => {
        aborted = resolve
      })
      worker.task(name, async (_, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        aborted()
        return { data: { done: true } }
      })
      const delivered = eventsOf(worker, 'resultDelivered')
      await startedFor(running(), worker, name)
      const id = await dispatch(running(), { type: name })
      await running().client.cancel(id)
      await stopped
      await delivered.next()
      const job = await end(id, ({ current_state: state }) => state === 'cancelled_state')
      expect(job.state_history).not.toHaveProperty('done')
    })

    test('§3.1.9 a result whose answer is lost is taken once', async () => {
      const { proxy, to } = await proxied()
      let spoilt = 0
      proxy.plan = ({ path }): Fault =>
        path.endsWith('/tasks/result') && spoilt++ === 0 ? { kind: 'reset', when: 'after' } : PASS
      const worker = workerWith({ variables: { ORCHESTRATOR_URL: proxy.url } })
      const delivered = eventsOf(worker, 'resultDelivered')
      worker.task(name, () => ({ ok: true }))
      await startedFor(running(), worker, name)
      await run()
      await delivered.next()
      expect(to('/tasks/result').map(({ status }) => status)).toEqual([200, 403])
    })

    test('§3.1.10 messages that are alike and of the same second are all taken', async () => {
      const { proxy, to } = await proxied()
      const worker = workerWith({ variables: { ORCHESTRATOR_URL: proxy.url } })
      worker.task(name, (_, { emit }) => {
        for (let n = 0; n < 3; n++) emit('note', { text: 'the same' })
        return { ok: true }
      })
      await startedFor(running(), worker, name)
      await run()
      await eventually('all of them are answered', () => to('/events').length === 3)
      expect(to('/events').map(({ text }) => JSON.parse(text))).toEqual(
        Array(3).fill({ status: 'event_accepted' }),
      )
    })

    test('§3.1.12 what the orchestrator drops of params and results costs neither', async () => {
      const worker = workerWith()
      worker.task(name, (params) => ({ data: { params, one: 1.0, none: null, list: [null, 1.5] } }))
      await startedFor(running(), worker, name)
      const { state_history: data } = await run({ none: null, two: 2 })
      expect(data).toEqual({ params: { two: 2 }, one: 1, list: [null, 1.5] })
    })

    test('§3.1.17 a failure ends its job by its code, whatever the blueprint says', async () => {
      const worker = workerWith()
      worker.task(name, () => Promise.reject(new PermanentError('corrupt')))
      await startedFor(running(), worker, name)
      const job = await end(await dispatch(running(), { type: name }), isQuarantined)
      expect(job.current_state).not.toBe('failed_state')
    })

    test('§3.2.1 a deadline with a fraction is told, and does not end the polling', async () => {
      const worker = workerWith()
      worker.task(name, (_, { deadline }) => ({ leftMs: (deadline?.getTime() ?? 0) - Date.now() }))
      await startedFor(running(), worker, name)
      const id = await dispatch(running(), { type: name, resultTimeoutSeconds: 100 })
      const { state_history: data } = await end(id)
      expect(data['leftMs']).toBeGreaterThan(60_000)
      await run()
    })

    test('§3.2.2 a task whose signature is wrong is answered', async () => {
      const worker = workerWith({ variables: { ORCHESTRATOR_SECRET_KEY: 'another key' } })
      let runs = 0
      worker.task(name, () => void runs++)
      await startedFor(running(), worker, name)
      const job = await end(await dispatch(running(), { type: name }), isQuarantined)
      expect(job.error_message).toContain('signature')
      expect(runs).toBe(0)
    })

    test.each([
      ['§3.2.4 an orchestrator that has a token of its own', 'trap-own', OWN_TOKEN],
      ['§3.2.5 the token that is the default', 'trap-default', undefined],
    ])('%s is signed by', async (_, id, token) => {
      const { url } = running()
      const worker = workerWith({
        id,
        variables: {
          WORKER_TOKEN: token && 'the common one',
          ORCHESTRATORS: [{ url, ...(token && { token }) }],
        },
      })
      worker.task(name, () => ({ ok: true }))
      await startedFor(running(), worker, name)
      await run()
    })

    test('§3.2.6 a result that cannot be taken ends its job, and holds no other up', async () => {
      const worker = workerWith()
      worker.task(name, ({ size }) => ({ text: 'x'.repeat(size) }))
      await startedFor(running(), worker, name)
      const big = await dispatch(running(), { type: name, params: { size: 1_500_000 } })
      await run({ size: 1 })
      await end(big, isQuarantined)
    })

    test('§3.2.8 what is no object is a failure that says so, and an object is the data', async () => {
      const worker = workerWith()
      worker.task(name, ({ plain }) => (plain ? { message: 'hello' } : ('hello' as never)))
      await startedFor(running(), worker, name)
      expect((await run({ plain: true })).state_history).toEqual({ message: 'hello' })
      const job = await end(await dispatch(running(), { type: name }), isQuarantined)
      expect(job.error_message).toContain('return an object')
    })
  },
  ['rxon'],
)

forEachOrchestrator(
  'traps of a record that expires',
  // Long enough for a machine that is late with a heartbeat.
  { workerTtlMs: 4_000 },
  (running) => {
    test('§3.1.16 a worker that was away for longer than its record lived gets its tasks', async () => {
      const { client, url } = running()
      const proxy = await FaultProxy.to(url)
      onTestFinished(() => proxy.close())
      const room = new WaitingRoom()
      const variables = { ORCHESTRATOR_URL: proxy.url, HEARTBEAT_INTERVAL: 1 }
      const worker = workerFor(running(), { id: 'away', maxConcurrentTasks: 1, variables })
      worker.task('stay', room.handler)
      await startedFor(running(), worker, 'stay')
      const first = await dispatch(running(), { type: 'stay', params: { n: 1 } })
      await room.untilEntered(1)
      const second = await dispatch(running(), { type: 'stay', params: { n: 2 } })
      await proxy.refuse()
      await client.waitForWorker(worker.id, (record) => record === undefined)
      await proxy.accept()
      room.open()
      for (const id of [first, second]) await client.waitForJob(id, isDone)
    })
  },
  ['rxon'],
)
