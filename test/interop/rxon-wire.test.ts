import { expect, test } from 'vitest'
import { isDispatched, isDone, type JobState } from '../support/interop/client-api.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import type { RawAnswer } from '../support/interop/raw-call.js'
import { isSigned, signatureOf } from '../support/interop/rxon-signing.js'
import { rxonWireWorker } from '../support/interop/rxon-wire-worker.js'

const said = ({ status, body }: RawAnswer) => ({ status, body })
const forbidden = (error: string) => ({ status: 403, body: { error } })
const nowSeconds = () => Math.floor(Date.now() / 1000)

// Raw requests instead of a worker: what the embedded orchestrator answers is what the real one answers.
forEachOrchestrator(
  'the rxon wire',
  {},
  (running) => {
    let workers = 0
    const newWorker = () => rxonWireWorker(running().url, running().workerToken, `rxon-wire-${++workers}`)
    const skillName = () => `echo-${workers}`
    const dispatch = async (more: { params?: Record<string, unknown>; priority?: number } = {}) => {
      const id = await running().client.createJob({ type: skillName(), ...more })
      return running().client.waitForJob(id, isDispatched)
    }
    const registered = async () => {
      const worker = newWorker()
      await worker.register([skillName()])
      return worker
    }
    const settled = (job: JobState, hope: (job: JobState) => boolean) =>
      running().client.waitForJob(job.id, hope)
    const withTask = async (params = {}) => {
      const worker = await registered()
      const job = await dispatch({ params })
      return { worker, job, task: await worker.take() }
    }

    test('a registration is answered and recorded, without what it does not know', async () => {
      const worker = newWorker()
      const answer = await worker.register([skillName()], {
        capabilities: { hostname: 'here', extra: { zone: 'eu' }, websockets: true },
        unheard_of: 1,
      })
      expect(said(answer)).toEqual({ status: 200, body: { status: 'registered', version: '1.0b17' } })
      expect(answer.headers['x-rxon-version']).toBe('1.0b17')
      const records = await running().client.workers()
      const record = records.find(({ worker_id }) => worker_id === worker.id)
      expect(record).toMatchObject({
        worker_type: 'wire',
        supported_skills: [{ name: skillName(), type: skillName() }],
        capabilities: { hostname: 'here', extra: { zone: 'eu' } },
        reputation: 1,
      })
      expect(record).not.toHaveProperty('unheard_of')
      expect(record).not.toHaveProperty('capabilities.websockets')
    })

    test('a registration of another version is taken with a warning', async () => {
      const worker = newWorker()
      const headers = { 'X-Worker-Token': running().workerToken, 'X-RXON-Version': '0.9' }
      const message = worker.sign({ worker_id: worker.id, supported_skills: [] })
      expect(said(await worker.call('POST', '/workers/register', message, headers))).toEqual({
        status: 200,
        body: {
          status: 'registered',
          version: '1.0b17',
          warning: 'Protocol version mismatch! Orchestrator: 1.0b17, Worker: 0.9.',
        },
      })
    })

    test.each([
      ['no token', {}, 'Unauthorized: Missing X-Worker-Token header or client certificate.'],
      ['a wrong token', { 'X-Worker-Token': 'nonsense' }, 'Unauthorized: No valid token found'],
    ])('%s is refused with 403 everywhere', async (_, headers, reason) => {
      const worker = newWorker()
      for (const [method, path, body] of [
        ['POST', '/workers/register', { worker_id: worker.id }],
        ['PATCH', `/workers/${worker.id}`, { status: 'idle' }],
        ['PATCH', `/workers/${worker.id}`, undefined],
        ['GET', `/workers/${worker.id}/tasks/next`, undefined],
        ['POST', '/tasks/result', { worker_id: worker.id }],
        ['POST', '/events', { worker_id: worker.id }],
      ] as const) {
        const answer = await worker.call(method, path, body, headers)
        expect(said(answer)).toEqual(forbidden(reason))
      }
    })

    test('a message is refused by the first thing that is wrong with it, in this order', async () => {
      const worker = newWorker()
      const send = async (message: object) => said(await worker.call('POST', '/workers/register', message))
      const base = { worker_id: worker.id, supported_skills: [] }
      const { security } = worker.sign(base) as { security: object }
      const stamped = { ...base, timestamp: nowSeconds() }
      expect(await send(base)).toEqual(forbidden('Missing required timestamp for replay protection'))
      for (const timestamp of [nowSeconds() - 65, nowSeconds() + 65, Date.now()]) {
        const answer = await send({ ...base, timestamp, security })
        expect(answer).toEqual(forbidden('Message timestamp expired (replay protection)'))
      }
      expect(await send(stamped)).toEqual(forbidden('Missing required security context'))
      expect(await send({ ...stamped, security: { signer_id: worker.id } })).toEqual(
        forbidden('Missing required cryptographic signature'),
      )
      expect(await send({ ...stamped, security: { ...security, signer_id: 'other' } })).toEqual(
        forbidden(`Message signer ID 'other' does not match worker ID '${worker.id}'`),
      )
      expect(await send(worker.sign(base, 'wrong-key'))).toEqual(forbidden('Invalid cryptographic signature'))
      const fine = worker.sign(base) as { security: { signature: string } }
      const upper = { ...fine, nonce: 'n', security: { signature: fine.security.signature.toUpperCase() } }
      expect(await send(upper)).toEqual(forbidden('Invalid cryptographic signature'))
    })

    test('a nonce is used up by whatever became of its message', async () => {
      const worker = newWorker()
      const send = async (message: object) => said(await worker.call('POST', '/workers/register', message))
      const message = worker.sign({ worker_id: worker.id, supported_skills: [], nonce: 'once' })
      expect((await send({ ...message, security: { signature: 'wrong' } })).status).toBe(403)
      expect(await send(message)).toEqual(forbidden('Duplicate message detected (replay attack)'))
      const again = worker.sign({ worker_id: worker.id, supported_skills: [], nonce: 'twice' })
      expect((await send(again)).status).toBe(200)
      expect(await send(again)).toEqual(forbidden('Duplicate message detected (replay attack)'))
    })

    test('what is signed is the text as it was written', async () => {
      const worker = newWorker()
      const texts = [
        '"big":9007199254740993,"neg":-0,"e":1e3,"f":1.0,"tiny":0.0000015,"small":1e-5,"u":18446744073709551615',
        '"10":1,"9":2,"～":1,"😀":2,"é":"\\u00e9\\u0007/\\/","nested":{"b":[1.0,null,{"x":null}],"a":null}',
        '"__proto__":{"x":1},"s":"n1","n":"-1"',
      ]
      for (const [index, extra] of texts.entries()) {
        const text = `{"worker_id":"${worker.id}","timestamp":${nowSeconds()},"nonce":"t${index}","metadata":{${extra}}}`
        const signature = signatureOf(text, running().workerToken)
        const signed = `${text.slice(0, -1)},"security":{"signature":"${signature}"}}`
        expect(said(await worker.call('POST', '/workers/register', signed)).body).toMatchObject({
          status: 'registered',
        })
      }
    })

    test('what cannot be read, or is not what it should be, is refused', async () => {
      const worker = newWorker()
      const send = async (message: string | object) =>
        (await worker.call('POST', '/workers/register', message)).status
      expect(await send('{')).toBe(400)
      expect(await send('[]')).toBe(500)
      expect(await send(`{"x":"${'y'.repeat(1_048_576)}"}`)).toBe(413)
      const base = { worker_id: worker.id }
      expect(await send(worker.sign({ ...base, supported_skills: ['echo'] }))).toBe(400)
      expect(await send(worker.sign({ ...base, supported_skills: [{ type: 'echo' }] }))).toBe(400)
      expect(await send(worker.sign({ ...base, timestamp: nowSeconds() + 0.5 }))).toBe(400)
      const deep = `${'['.repeat(32)}${']'.repeat(32)}`
      const text = `{"worker_id":"${worker.id}","timestamp":${nowSeconds()},"metadata":${deep}`
      expect(await send(`${text},"security":{"signature":"x"}}`)).toBe(500)
    })

    test('a heartbeat merges into the record and is answered ok', async () => {
      const worker = await registered()
      const answer = await worker.heartbeat({ status: 'busy', anything: { goes: true } })
      expect(said(answer)).toEqual({ status: 200, body: { status: 'ok' } })
      await running().client.waitForWorker(worker.id, (record) => record?.status === 'busy')
      const records = await running().client.workers()
      expect(records.find(({ worker_id }) => worker_id === worker.id)).toMatchObject({
        anything: { goes: true },
      })
    })

    test('a worker that is not known hears of it by an empty heartbeat only', async () => {
      const worker = newWorker()
      expect(said(await worker.heartbeat({}))).toEqual({ status: 200, body: { status: 'ok' } })
      expect((await worker.heartbeat()).text).toBe('null')
      await worker.register([skillName()])
      expect(said(await worker.heartbeat())).toEqual({ status: 200, body: { status: 'ttl_refreshed' } })
    })

    test('skills under a hash that is known are not looked at, and are asked for when there are none', async () => {
      const worker = newWorker()
      await worker.register([], { skills_hash: 'h1' })
      const skills = [{ name: skillName() }]
      const full = { status: 200, body: { status: 'ok', require_full_sync: true } }
      expect(said(await worker.heartbeat({ skills_hash: 'h1' }))).toEqual(full)
      expect(said(await worker.heartbeat({ skills_hash: 'h1', supported_skills: skills }))).toEqual(full)
      const other = { skills_hash: 'h2', supported_skills: skills }
      expect(said(await worker.heartbeat(other))).toEqual({ status: 200, body: { status: 'ok' } })
      expect(said(await worker.heartbeat({ skills_hash: 'h2' })).body).toEqual({ status: 'ok' })
    })

    test('a task is signed, without nulls, with its priority', async () => {
      const { job, task } = await withTask({ x: 1.5, none: null, list: [null, 1] })
      expect(task).toMatchObject({
        job_id: job.id,
        task_id: job.current_task_id,
        type: skillName(),
        params: { x: 1.5, list: [null, 1] },
        tracing_context: expect.any(Object),
        step: 1,
      })
      expect(task.params).not.toHaveProperty('none')
      expect(task['priority']).toEqual(expect.any(Number))
      expect(Math.abs(Number(task['timestamp']) - nowSeconds())).toBeLessThan(30)
      expect(isSigned(task.text, running().secretKey)).toBe(true)
    })

    test('a success moves the job and merges its data; what comes after is ignored', async () => {
      const { worker, job, task } = await withTask()
      expect(said(await worker.report(task, { data: { y: 2 } }))).toEqual({
        status: 200,
        body: { status: 'accepted', transition: 'success_transition' },
      })
      const done = await settled(job, isDone)
      expect(done).toMatchObject({ status: 'finished', state_history: { y: 2 }, result: 2, step: 2 })
      expect(said(await worker.report(task, { data: { y: 3 } })).body).toMatchObject({
        status: 'ignored',
        reason: 'job_already_terminated',
      })
    })

    test('results of no job, of another task and of another worker are ignored or refused', async () => {
      const { worker, task } = await withTask()
      const ignored = async (fields: object) => said(await worker.report(task, { ...fields })).body
      expect(await ignored({ job_id: 'gone' })).toMatchObject({
        status: 'ignored',
        reason: 'job_not_found',
      })
      expect(await ignored({ task_id: 'stale' })).toMatchObject({ status: 'ignored', reason: 'stale_task' })
      const other = newWorker()
      expect(said(await other.report(task, { data: {} })).body).toMatchObject({
        status: 'ignored',
        reason: 'worker_mismatch',
      })
      expect(said(await other.report(task, { worker_id: worker.id }))).toMatchObject({ status: 403 })
    })

    test.each([
      ['data that is no object', { data: [1] }],
      ['an error that is a text', { status: 'failure', error: 'no' }],
      ['an error without a code', { status: 'failure', error: { message: 'no' } }],
      ['no task id', { task_id: null }],
    ])('a result with %s is refused with 400', async (_, fields) => {
      const { worker, task } = await withTask()
      expect((await worker.report(task, fields)).status).toBe(400)
    })

    test.each([
      ['PERMANENT_ERROR', 'quarantined'],
      ['SECURITY_ERROR', 'quarantined'],
      ['DEPENDENCY_ERROR', 'quarantined'],
      ['CONTRACT_VIOLATION_ERROR', 'quarantined'],
      ['INVALID_INPUT_ERROR', 'failed'],
      ['INTEGRITY_MISMATCH_ERROR', 'failed'],
    ])('%s ends the job as %s', async (code, status) => {
      const { worker, job, task } = await withTask()
      const answer = await worker.report(task, { status: 'failure', error: { code, message: 'no' } })
      expect(said(answer).body).toEqual({ status: 'accepted', transition: 'failure_handled' })
      const ended = await settled(job, (now) => now.status === status)
      expect(ended.error_message).toMatch(/^Task failed .*: no$/)
    })

    test('a transient failure is dispatched again under a new id, and quarantined in the end', async () => {
      const { worker, job, task: first } = await withTask()
      const failure = { status: 'failure', error: { code: 'TRANSIENT_ERROR', message: 'again' } }
      let task = first
      for (const retry_count of [1, 2, 3]) {
        expect(said(await worker.report(task, failure)).body).toMatchObject({ transition: 'failure_handled' })
        const next = await worker.take()
        expect(next.task_id).not.toBe(task.task_id)
        expect(await running().client.job(job.id)).toMatchObject({ retry_count })
        task = next
      }
      await worker.report(task, failure)
      const ended = await settled(job, (now) => now.status === 'quarantined')
      expect(ended.error_message).toBe(`Task ${task.task_id} failed after 4 attempts: again`)
    })

    test('a transient failure while no worker is idle is answered 500', async () => {
      const { worker, job, task } = await withTask()
      await worker.heartbeat({ status: 'busy' })
      const failure = { status: 'failure', error: { code: 'TRANSIENT_ERROR', message: 'again' } }
      expect((await worker.report(task, failure)).status).toBe(500)
      expect(await running().client.job(job.id)).toMatchObject({ retry_count: 1 })
    })

    test('a status of its own follows its transition, and one without fails the job', async () => {
      const first = await withTask()
      const review = { status: 'needs_manual_review', data: { why: 'blurred' } }
      expect(said(await first.worker.report(first.task, review)).body).toMatchObject({
        transition: 'success_transition',
      })
      const reviewed = await settled(
        first.job,
        (now) => now.current_state === 'review' && now.status === 'failed',
      )
      expect(reviewed).toMatchObject({ state_history: { why: 'blurred' } })
      const second = await withTask()
      expect(said(await second.worker.report(second.task, { status: 'unheard_of' })).body).toMatchObject({
        transition: 'unhandled_status_failure',
      })
      const failed = await settled(second.job, (now) => now.status === 'failed')
      expect(failed.error_message).toBe('Worker returned unhandled status: unheard_of')
    })

    test('metadata in the result of a job that has none is stumbled over; without it the result is taken', async () => {
      const { worker, job, task } = await withTask()
      const data = { y: 1 }
      expect((await worker.report(task, { data, metadata: { a: 1 } })).status).toBe(500)
      expect((await worker.report(task, { data })).status).toBe(200)
      await settled(job, isDone)
    })

    test('a cancelled job is told by its id in a heartbeat, and ended by the worker', async () => {
      const { worker, job, task } = await withTask()
      expect((await running().client.cancel(job.id)).body).toEqual({
        status: 'cancellation_request_accepted',
      })
      expect(await running().client.job(job.id)).toMatchObject({ status: 'cancelled' })
      expect(said(await worker.heartbeat({ current_tasks: [task.task_id, job.id] })).body).toEqual({
        status: 'ok',
        cancel_task_ids: [job.id],
      })
      expect(said(await worker.report(task, { status: 'cancelled' })).body).toEqual({
        status: 'accepted',
        transition: 'cancelled_handled',
      })
      await settled(job, (now) => now.current_state === 'cancelled_state' && now.status === 'failed')
      expect((await running().client.cancel(job.id)).status).toBe(404)
    })

    test('a success for a cancelled job brings it back to life', async () => {
      const { worker, job, task } = await withTask()
      await running().client.cancel(job.id)
      expect(said(await worker.report(task, { data: {} })).body).toMatchObject({ status: 'accepted' })
      await settled(job, isDone)
    })

    test('progress is an event, whose chain is not signed', async () => {
      const { worker, job, task } = await withTask()
      const event = worker.eventOf({
        target_job_id: job.id,
        origin_task_id: task.task_id,
        payload: { progress: 0.5, message: 'half' },
        bubbling_chain: ['a'],
      })
      const sent = await worker.call('POST', '/events', { ...event, bubbling_chain: ['a', 'b'] })
      expect(said(sent)).toEqual({ status: 200, body: { status: 'event_accepted' } })
      await settled(job, (now) => (now as unknown as { progress?: number }).progress === 0.5)
      expect(said(await worker.call('POST', '/events', event))).toEqual(
        forbidden('Duplicate message detected (replay attack)'),
      )
    })

    test('an event that is none, of nobody, or of a job of others is turned down', async () => {
      const { worker, job } = await withTask()
      expect(said(await worker.tell({ payload: 'no' }))).toMatchObject({
        status: 200,
        body: { status: 'error' },
      })
      expect(said(await worker.tell({ worker_id: 'other' }))).toEqual(
        forbidden('Immediate sender ID mismatch'),
      )
      expect(said(await newWorker().tell({ target_job_id: job.id }))).toMatchObject({ status: 403 })
      expect(said(await worker.tell({ target_job_id: 'gone' })).body).toEqual({ status: 'event_accepted' })
    })

    test('a short-lived token opens the door and signs nothing', async () => {
      const worker = await registered()
      const issued = said(await worker.call('POST', '/auth/token')).body as Record<string, string>
      expect(issued).toMatchObject({ worker_id: worker.id, expires_in: 3600 })
      const headers = { 'X-Worker-Token': issued['access_token'] ?? '', 'X-Worker-ID': worker.id }
      const beat = (key?: string) => worker.sign({ worker_id: worker.id, status: 'idle', nonce: key }, key)
      const path = `/workers/${worker.id}`
      expect((await worker.call('PATCH', path, beat(), headers)).status).toBe(200)
      expect(said(await worker.call('PATCH', path, beat(headers['X-Worker-Token']), headers))).toEqual(
        forbidden('Invalid cryptographic signature'),
      )
      const refresh = { refresh_token: issued['refresh_token'] }
      const again = await worker.call('POST', '/auth/token/refresh', refresh)
      expect(said(again).body).toMatchObject({ worker_id: worker.id })
      expect((await worker.call('POST', '/auth/token/refresh', { refresh_token: 'x' })).status).toBe(403)
      expect((await worker.call('POST', '/auth/token/refresh', {})).status).toBe(400)
    })

    test('a job whose skill no idle worker has is quarantined, and never waits', async () => {
      const worker = await registered()
      await worker.heartbeat({ status: 'busy' })
      const id = await running().client.createJob({ type: skillName() })
      await running().client.waitForJob(id, (job) => job.status === 'quarantined')
      await worker.heartbeat({ status: 'idle' })
      expect(await worker.poll()).toBeUndefined()
    })

    test('what is queued is taken by its priority', async () => {
      const worker = await registered()
      const created: string[] = []
      for (const priority of [1, 9, 5]) created.push((await dispatch({ priority })).id)
      const taken = [await worker.take(), await worker.take(), await worker.take()].map(
        ({ job_id }) => job_id,
      )
      expect(taken).toEqual([created[1], created[2], created[0]])
    })

    test('a probe without a token tells the generation', async () => {
      const answer = await newWorker().call('POST', '/auth/token', undefined, {})
      expect(said(answer)).toEqual(
        forbidden('Unauthorized: Missing X-Worker-Token header or client certificate.'),
      )
    })
  },
  ['rxon'],
)
