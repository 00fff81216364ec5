import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { gate, holdTime } from '../../support/test-worker.js'
import { setup, task } from './setup.js'

const KEY = 'key-of-the-orchestrator'

test('§2.5.2 a task with a right signature is run', async () => {
  const { orchestrator, worker } = await setup({ ORCHESTRATOR_SECRET_KEY: KEY })
  await worker.start()
  orchestrator.endPoll(task({ deadline: 4_102_444_800.25 }, KEY, { skill_version: '2.0' }))
  expect((await orchestrator.answered('result')).body).toMatchObject({ status: 'success' })
})

test.each([
  ['no signature', task()],
  ['a wrong one', task({}, 'another key')],
])('§2.5.2 a task with %s is answered, not run', async (_, offer) => {
  const { orchestrator, worker } = await setup({ ORCHESTRATOR_SECRET_KEY: KEY })
  await worker.start()
  orchestrator.endPoll(offer)
  const { body } = await orchestrator.answered('result')
  expect(body).toMatchObject({ status: 'failure', error: { code: 'SECURITY_ERROR' } })
  expect(JSON.stringify(body)).not.toContain(KEY)
})

test('§2.5.3 §3.1.14 metadata that came after the signature are left out', async () => {
  const { orchestrator, worker } = await setup({ ORCHESTRATOR_SECRET_KEY: KEY })
  worker.task('look', (_, { metadata, step, security }) => ({ data: { metadata, step, security } }))
  await worker.start()
  orchestrator.endPoll(
    task({ type: 'look', step: 3 }, KEY, { metadata: { forged: 1 }, security: { by: 'c' } }),
  )
  const { body } = await orchestrator.answered('result')
  expect(body.data).toEqual({ metadata: {}, step: 3, security: {} })
})

test('§2.5.3 without a key, the handler receives what the orchestrator sends', async () => {
  const { orchestrator, worker } = await setup()
  worker.task('look', (params, { metadata, security }) => ({ data: { params, metadata, security } }))
  await worker.start()
  const members = { type: 'look', params: { x: null }, metadata: { m: 1 }, security: { by: 'c' } }
  orchestrator.endPoll(task(members))
  const { body } = await orchestrator.answered('result')
  expect(body.data).toMatchObject({ metadata: { m: 1 }, security: { by: 'c' } })
})

test('§2.5.3 members that are null were not signed, and no handler receives them', async () => {
  const { orchestrator, worker } = await setup({ ORCHESTRATOR_SECRET_KEY: KEY })
  const seen: unknown[] = []
  worker.task('look', (params, { tracingContext, paramsMetadata }) => {
    seen.push(params, tracingContext, paramsMetadata)
  })
  await worker.start()
  const signed = task({ type: 'look', params: { list: [null, { x: 1 }] } }, KEY)
  const params = { list: [null, { x: 1, admin: null }], force: null, ['__proto__']: null }
  const forged = { ...signed.body, params, tracing_context: { trace: null }, params_metadata: null }
  orchestrator.endPoll({ body: forged })
  expect((await orchestrator.answered('result')).body).toMatchObject({ status: 'success' })
  expect(seen).toEqual([{ list: [null, { x: 1 }] }, {}, {}])
})

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
const SOME_SIGNATURE = 'a'.repeat(64)

test.each<[string, string]>([
  ['more levels than a signature covers', `{"params":${nested(31)}}`],
  ['thousands of levels, and a long integer', `{"params":[${nested(20_000)},9007199254740993]}`],
  ['half a character', '{"params":{"a":"\\ud800"}}'],
  ['half a character in a name', '{"params":{"\\udc00":1}}'],
  ['a number that is infinite', '{"params":{"n":-1e400}}'],
  ['an integer of more than 64 bits', '{"priority":36893488147419103232}'],
  ['an integer of thousands of digits', `{"params":{"n":${'7'.repeat(5_000)}}}`],
  ['half a character in its type', '{"type":"\\udbff"}'],
  ['no type', '{"type":null}'],
  ['a type that is no text', '{"type":{"toString":1}}'],
  ['a signature that is no text', '{"sig":["a"]}'],
  ['a signature in upper case', `{"sig":"${SOME_SIGNATURE.toUpperCase()}"}`],
])('§2.5.2 a task with %s is answered, not run', async (_, members) => {
  const { orchestrator, worker } = await setup({ ORCHESTRATOR_SECRET_KEY: KEY })
  const ran: unknown[] = []
  worker.on('taskStarted', (started) => ran.push(started))
  await worker.start()
  const head = `{"job_id":"j1","task_id":"t1","timestamp":1,"sig":"${SOME_SIGNATURE}"`
  const type = members.includes('"type"') ? '' : ',"type":"echo"'
  orchestrator.endPoll({ body: `${head}${type},${members.slice(1)}` })
  const { body } = await orchestrator.answered('result')
  expect(body).toMatchObject({ task_id: 't1', status: 'failure', error: { code: 'SECURITY_ERROR' } })
  expect(ran).toEqual([])
})

test('§2.5.2 a forged offer takes no slot, and no earlier work answers it', async () => {
  const variables = { ORCHESTRATOR_SECRET_KEY: KEY, MAX_CONCURRENT_TASKS: 2 }
  const { orchestrator, worker } = await setup(variables, { taskTypeLimits: { one: 1 } })
  const done = gate()
  let runs = 0
  worker.task('slow', { taskType: 'one' }, async () => {
    runs++
    await done.opened
    return { data: { secret: 1 } }
  })
  await worker.start()
  const members = { type: 'slow', step: 1 }
  orchestrator.endPoll(task({ ...members, task_id: 'task-1' }, KEY))
  orchestrator.endPoll(task({ ...members, task_id: 'task-2' }))
  const refused = await orchestrator.answered('result')
  expect(refused.body).toMatchObject({ task_id: 'task-2', error: { code: 'SECURITY_ERROR' } })
  orchestrator.endPoll(task({ ...members, task_id: 'task-3' }, KEY))
  await orchestrator.next('poll')
  done.open()
  const ends = [await orchestrator.answered('result'), await orchestrator.answered('result')]
  expect(ends.map(({ body }) => [body.task_id, body.status]).sort()).toEqual([
    ['task-1', 'success'],
    ['task-3', 'success'],
  ])
  expect(runs).toBe(1)
})

test('§2.5.5 a task of any age runs by default', async () => {
  const { orchestrator, worker } = await setup({ ORCHESTRATOR_SECRET_KEY: KEY })
  await worker.start()
  orchestrator.endPoll(task({ timestamp: 1 }, KEY))
  expect((await orchestrator.answered('result')).body).toMatchObject({ status: 'success' })
})

test('§2.5.5 a task that is older than TASK_MAX_AGE is answered, not run', async () => {
  const { orchestrator, worker } = await setup({ ORCHESTRATOR_SECRET_KEY: KEY, TASK_MAX_AGE: 600 })
  await worker.start()
  const now = Math.floor(Date.now() / 1_000)
  const hourAgo = { date: new Date((now - 3_600) * 1_000).toUTCString() }
  const endOf = async (timestamp: unknown, headers: Record<string, string>, key = KEY) => {
    orchestrator.endPoll({ ...task({ timestamp }, key), headers })
    const { status, error } = (await orchestrator.answered('result')).body
    return error ? `${error.code}: ${error.message}` : status
  }
  expect(await endOf(now - 30, {})).toBe('success')
  expect(await endOf(now - 900, {})).toMatch(/^SECURITY_ERROR: The task is too old: it was signed 90\d s ago/)
  expect(await endOf(`${now}`, {})).toMatch(/^SECURITY_ERROR: The task has no timestamp/)
  // A replay can have an old date, too.
  expect(await endOf(now - 900, hourAgo)).toMatch(/^SECURITY_ERROR: The task is too old/)
  expect(await endOf(now, {}, 'another key')).toMatch(/^SECURITY_ERROR: The signature of the task/)
})

test('§2.5.4 a policy that does not allow it is obeyed', async () => {
  const { orchestrator, worker } = await setup()
  await worker.start()
  orchestrator.endPoll(task({ policy: { allowed_skills: ['other'] } }))
  const { body } = await orchestrator.answered('result')
  expect(body).toMatchObject({ status: 'failure', error: { code: 'SECURITY_ERROR' } })
})

test.each([
  ['of the orchestrator', 3_600, 0],
  ['of this machine', -3_600, 3_600],
])('§2.5.5 a task counts as old by the clock %s alone', async (_, aheadSeconds, ageSeconds) => {
  const { orchestrator, worker } = await setup({ ORCHESTRATOR_SECRET_KEY: KEY, TASK_MAX_AGE: 600 })
  const now = Math.floor(Date.now() / 1_000)
  const date = new Date((now + aheadSeconds) * 1_000).toUTCString()
  orchestrator.answers('registration', { body: { status: 'registered' }, headers: { date } })
  await worker.start()
  orchestrator.endPoll(task({ timestamp: now - ageSeconds }, KEY))
  const { body } = await orchestrator.answered('result')
  expect(body.error).toMatchObject({ code: 'SECURITY_ERROR' })
  expect(body.error.message).toMatch(/^The task is too old: it was signed 3[56]\d\d s ago/)
})

test.each([
  ['a text', 'echo'],
  ['a list', ['echo']],
  ['a name in place of a list', { allowed_skills: 'echo' }],
  ['an object in place of a list', { allowed_skills: { 0: 'echo' } }],
  ['a list with an object', { allowed_skills: ['echo', { toString: 1 }] }],
])('§2.5.4 a policy that is %s allows nothing', async (_, policy) => {
  const { orchestrator, worker } = await setup({ ORCHESTRATOR_SECRET_KEY: KEY })
  await worker.start()
  orchestrator.endPoll(task({ policy }, KEY))
  const { body } = await orchestrator.answered('result')
  expect(body.error).toMatchObject({
    code: 'SECURITY_ERROR',
    message: expect.stringContaining('policy of the task'),
  })
})

test.each([[{}], [{ allowed_skills: ['other', 'echo'] }]])(
  '§2.5.4 the policy %j allows it',
  async (policy) => {
    const { orchestrator, worker } = await setup({ ORCHESTRATOR_SECRET_KEY: KEY })
    await worker.start()
    orchestrator.endPoll(task({ policy }, KEY))
    expect((await orchestrator.answered('result')).body).toMatchObject({ status: 'success' })
  },
)

test('§2.5.6 a task ends at its deadline, a number with a fraction too', async () => {
  const { orchestrator, worker } = await setup()
  worker.task(
    'wait',
    (_, { signal, deadline }) =>
      deadline && new Promise((_end, fail) => signal.addEventListener('abort', () => fail(signal.reason))),
  )
  holdTime()
  await worker.start()
  orchestrator.endPoll(task({ type: 'wait', deadline: Date.now() / 1_000 + 9.5 }))
  await orchestrator.next('poll')
  await orchestrator.next('poll')
  await vi.advanceTimersByTimeAsync(10_000)
  const { body } = await orchestrator.answered('result')
  expect(body).toMatchObject({ status: 'failure', error: { code: 'TIMEOUT_ERROR' } })
})

test('§2.5.6 a deadline keeps no process alive whose worker has given the task up', async () => {
  const { orchestrator, worker } = await setup({ WORKER_SHUTDOWN_TIMEOUT: 0 })
  const entered = gate()
  worker.task('wait', () => {
    entered.open()
    return new Promise(() => {})
  })
  await worker.start()
  orchestrator.endPoll(task({ type: 'wait', deadline: Date.now() / 1_000 + 3_600 }))
  await entered.opened
  await worker.stop({ pollGraceMs: 0 })
  expect((await orchestrator.next('result')).body).toMatchObject({ error: { code: 'TRANSIENT_ERROR' } })
})

test('§2.5.6 a task that waited past its deadline is not begun', async () => {
  const { orchestrator, worker } = await setup()
  const run = vi.fn(() => ({}))
  worker.task('late', run)
  await worker.start()
  orchestrator.endPoll(task({ type: 'late', deadline: Date.now() / 1_000 - 5 }))
  const { body } = await orchestrator.answered('result')
  expect(body).toMatchObject({ status: 'failure', error: { code: 'TIMEOUT_ERROR' } })
  expect(run).not.toHaveBeenCalled()
})

test('§2.6.6 data that do not fit the result schema are a failure, before they are sent', async () => {
  const { orchestrator, worker } = await setup()
  const result = z.object({ n: z.number() })
  worker.task('typed', { result, description: 'Counts.' }, ({ n }) => ({ data: { n } }))
  await worker.start()
  const { body: registration } = await orchestrator.answered('registration')
  expect(registration.supported_skills).toContainEqual({
    name: 'typed',
    type: 'typed',
    description: 'Counts.',
    output_schema: expect.objectContaining({ type: 'object', required: ['n'] }),
  })
  orchestrator.endPoll(task({ type: 'typed', params: { n: 'seven' } }))
  const { body } = await orchestrator.answered('result')
  expect(body.error).toEqual({ code: 'CONTRACT_VIOLATION_ERROR', message: expect.stringContaining('n: ') })
})

test('§2.2.5 half a character in what is told harms neither the task nor the worker', async () => {
  const { orchestrator, worker, said } = await setup()
  orchestrator.answers('other', { body: { status: 'event_accepted' } })
  worker.task('tell', (_, { emit, progress }) => {
    progress(0.1, 'a')
    progress(0.5, 'half \ud83d')
    emit('note', { text: '\ud83d' })
    return { data: { done: true } }
  })
  await worker.start()
  orchestrator.endPoll(task({ type: 'tell' }))
  const { body } = await orchestrator.answered('result')
  expect(body).toMatchObject({ status: 'success', data: { done: true } })
  expect(await said('Event not sent')).toMatchObject({
    event: 'note',
    taskId: 't1',
    err: { type: 'NotCanonicalError' },
  })
  const posted = [await orchestrator.next('other'), await orchestrator.next('other')]
  expect(posted.map((each) => each.body.payload.message)).toEqual(['a', 'half \ufffd'])
})

test('§2.7.3 an event or progress of more than 1 MiB is logged and not sent', async () => {
  const { orchestrator, worker, logged } = await setup()
  orchestrator.answers('other', { body: { status: 'event_accepted' } })
  const long = 'ä'.repeat(600_000)
  worker.task('tell', (_, { emit, progress }) => {
    progress(0.5, long)
    emit('note', { text: long })
    return { data: { done: true } }
  })
  await worker.start()
  orchestrator.endPoll(task({ type: 'tell' }))
  const { body } = await orchestrator.answered('result')
  expect(body).toMatchObject({ status: 'success', data: { done: true } })
  expect(logged('warn').map(({ msg }) => msg)).toEqual([
    'Progress not sent: it cannot be written',
    'Event not sent: it is not valid',
  ])
  expect(logged('error')[0]?.err?.message).toMatch(/"note" takes 1,200,\d{3} bytes/)
  expect(orchestrator.calls('other').filter(({ path }) => path.endsWith('/events'))).toEqual([])
})

test('§2.7.1 events go over HTTP without a socket, as they are declared', async () => {
  const { orchestrator, worker, logged } = await setup()
  const events = { note: z.object({ text: z.string() }) }
  orchestrator.answers('other', { body: { status: 'event_accepted' } })
  worker.task('tell', { events }, (_, { emit, progress }) => {
    emit('note', { text: 'half' }, { priority: 2.5, metadata: { page: 1 } })
    progress(0.5, 'half')
    emit('notes')
    emit('note', { text: 7 })
  })
  await worker.start()
  orchestrator.endPoll(task({ type: 'tell', tracing_context: { traceparent: '00-1' } }))
  expect((await orchestrator.answered('result')).body.status).toBe('success')
  expect(logged('error').map(({ event, taskId, err }) => [event, taskId, err?.message])).toEqual([
    ['notes', 't1', 'Event "notes" is not declared in `events` of the task: did you mean "note"?'],
    ['note', 't1', expect.stringMatching(/^Payload of event "note" does not match its schema: text: /)],
  ])
  const posted = [await orchestrator.next('other'), await orchestrator.next('other')]
  expect(posted.map(({ path }) => path)).toEqual(['/_worker/events', '/_worker/events'])
  expect(posted.map(({ body }) => [body.event_type, body.payload])).toEqual([
    ['note', { text: 'half' }],
    ['progress', { progress: 0.5, message: 'half' }],
  ])
  expect(posted[0]?.body).toMatchObject({
    target_job_id: 'j1',
    origin_task_id: 't1',
    trace_context: { traceparent: '00-1' },
    bubbling_chain: [],
    priority: 2.5,
    metadata: { page: 1 },
  })
})
