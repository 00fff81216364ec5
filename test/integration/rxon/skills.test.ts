import { PermanentError, Worker } from 'avtomatika-worker'
import { expect, test, vi } from 'vitest'
import { setup, task } from './setup.js'

const skillsOf = (body: { supported_skills: { name: string }[] }) =>
  Object.fromEntries(body.supported_skills.map((skill) => [skill.name, skill]))

test('§2.4.2 the type of a skill is its taskType, or else its name; its properties are told as they were', async () => {
  const { orchestrator, worker } = await setup()
  const properties = { lang: 'en', sizes: [1, 2], since: new Date(0) }
  worker
    .task('upscale', { taskType: 'video', properties }, () => ({}))
    .task('bare', { properties: {} }, () => ({}))
  properties.sizes.push(3)
  await worker.start()
  const skills = skillsOf((await orchestrator.next('registration')).body)
  expect(skills).toMatchObject({
    echo: { type: 'echo' },
    upscale: { type: 'video', properties: { lang: 'en', sizes: [1, 2], since: '1970-01-01T00:00:00.000Z' } },
    bare: { type: 'bare' },
  })
  expect(skills['echo']).not.toHaveProperty('properties')
  expect(skills['bare']).not.toHaveProperty('properties')
})

test.each([
  ['a space', 'big gpu'],
  ['a dot', 'gpu.large'],
  ['nothing', ''],
  ['129 characters', 'x'.repeat(129)],
])('a taskType with %s is refused where it is written', (_, taskType) => {
  expect(() => new Worker().task('draw', { taskType }, () => ({}))).toThrow(
    expect.objectContaining({ code: 'TASK_TYPE', message: expect.stringContaining('of task "draw"') }),
  )
})

test.each([
  ['a list', ['en']],
  ['a text', 'en'],
  ['a Map inside', { langs: new Map() }],
  ['NaN inside', { size: Number.NaN }],
])('properties that are %s are refused where they are written', (_, properties) => {
  expect(() => new Worker().task('draw', { properties: properties as never }, () => ({}))).toThrow(
    expect.objectContaining({ code: 'TASK_PROPERTIES', message: expect.stringContaining('of task "draw"') }),
  )
})

test('a limit by the name of a task limits the task without a type', async () => {
  const { orchestrator, worker } = await setup({}, { maxConcurrentTasks: 4, taskTypeLimits: { slow: 1 } })
  const inside: string[] = []
  const leave: (() => void)[] = []
  worker.task('slow', async (_params, { taskId }) => {
    inside.push(taskId)
    await new Promise<void>((resolve) => leave.push(resolve))
  })
  await worker.start()
  orchestrator.offer('slow', {}, 'first')
  orchestrator.offer('slow', {}, 'second')
  orchestrator.offer('echo', {}, 'third')
  expect((await orchestrator.next('result')).body).toMatchObject({ task_id: 'third' })
  expect(inside).toEqual(['first'])
  leave[0]?.()
  expect((await orchestrator.next('result')).body).toMatchObject({ task_id: 'first' })
  await vi.waitFor(() => expect(leave).toHaveLength(2))
  leave[1]?.()
  expect((await orchestrator.next('result')).body).toMatchObject({ task_id: 'second' })
  expect(inside).toEqual(['first', 'second'])
})

test('§2.4.13 the registration has the metadata and the hash of the object store', async () => {
  const store = { S3_ENDPOINT_URL: 'http://minio:9000/', S3_ACCESS_KEY: 'AK', S3_SECRET_KEY: 'sk' }
  const { orchestrator, worker } = await setup(
    { ...store, HEARTBEAT_INTERVAL: 0.05 },
    { metadata: { rack: 'b7', deep: { n: 1 } } },
  )
  await worker.start()
  const { body } = await orchestrator.next('registration')
  expect(body.metadata).toEqual({ rack: 'b7', deep: { n: 1 } })
  // As 1.0b30 computes it: sha256("http://minio:9000/|AK|avtomatika-payloads"), the text as it was written.
  expect(body.capabilities.s3_config_hash).toBe('dd167e27662c3819')
  const beat = await orchestrator.next('heartbeat', (call) => call.body !== '')
  expect(beat.body.capabilities.s3_config_hash).toBe('dd167e27662c3819')
})

test.each([
  ['no store', {}],
  ['aws', { S3_ENDPOINT_URL: 'aws', S3_ACCESS_KEY: 'AK', S3_SECRET_KEY: 'sk' }],
  ['no keys', { S3_ENDPOINT_URL: 'http://minio:9000' }],
])('§2.4.13 with %s there is no hash', async (_, variables) => {
  const { orchestrator, worker } = await setup(variables)
  await worker.start()
  const { body } = await orchestrator.next('registration')
  expect(body.capabilities).not.toHaveProperty('s3_config_hash')
  expect(body).not.toHaveProperty('metadata')
})

test.each([
  ['a list', [1]],
  ['a function inside', { f: () => {} }],
])('metadata that are %s are refused', (_, metadata) => {
  expect(() => new Worker({ metadata })).toThrow(/metadata = .*expected a JSON object/)
})

test('§2.5.1 the hash of the parent job is on the context', async () => {
  const { orchestrator, worker } = await setup()
  const seen: unknown[] = []
  worker.task('child', (_params, { parentHash, ...rest }) => void seen.push(parentHash, 'parentHash' in rest))
  await worker.start()
  orchestrator.endPoll(task({ type: 'child', parent_hash: 'abc', task_id: 't1' }))
  await orchestrator.next('result')
  orchestrator.endPoll(task({ type: 'child', task_id: 't2' }))
  await orchestrator.next('result')
  expect(seen).toEqual(['abc', false, undefined, false])
})

test('§2.6.1 a result has the costs of the handler beside its time, and the details of its error', async () => {
  const { orchestrator, worker } = await setup()
  const error = { code: 'PERMANENT_ERROR', message: 'm', details: { line: 3, file: { name: 'a' } } }
  worker
    .task('costly', () => ({ data: { ok: true }, costs: { tokens: 7, usd: 0.02 } }))
    .task('failing', () => ({ status: 'failure', error, costs: { tokens: 1 } }))
    .task('throwing', () => {
      throw new PermanentError('m', { details: error.details })
    })
    .task('timed', () => ({ data: {}, costs: { execution_time_seconds: 12 } }))
    .task('odd', () => {
      throw new PermanentError('m', { details: { when: Number.NaN } })
    })
  await worker.start()
  const resultOf = async (type: string) => {
    orchestrator.endPoll(task({ type, task_id: type }))
    return (await orchestrator.next('result')).body
  }
  expect((await resultOf('costly')).costs).toEqual({
    execution_time_seconds: expect.any(Number),
    tokens: 7,
    usd: 0.02,
  })
  const failed = await resultOf('failing')
  expect([failed.error, failed.costs.tokens]).toEqual([error, 1])
  expect((await resultOf('throwing')).error).toEqual(error)
  expect((await resultOf('timed')).costs).toEqual({ execution_time_seconds: 12 })
  const { error: odd } = await resultOf('odd')
  expect(odd.details).toBeUndefined()
  expect(odd.message).toContain('details.when is NaN')
})

test.each([
  ['costs that are a text', { costs: 'many' }, 'costs that is a string'],
  ['a cost that is no number', { costs: { tokens: '7' } }, 'costs.tokens that is a string'],
  ['a cost that is NaN', { costs: { tokens: Number.NaN } }, 'costs.tokens is NaN'],
  ['metadata that are a list', { metadata: [1] }, 'metadata that is an array'],
  [
    'details that are a text',
    { error: { code: 'X', message: 'm', details: 'd' } },
    'error.details that is a string',
  ],
])('%s fail the task, with their place', async (_, part, message) => {
  const { orchestrator, worker } = await setup()
  worker.task('wrong', () => ({ status: 'failure', error: { code: 'X', message: 'm' }, ...(part as object) }))
  await worker.start()
  orchestrator.endPoll(task({ type: 'wrong' }))
  const { body } = await orchestrator.next('result')
  expect(body.error).toMatchObject({ code: 'PERMANENT_ERROR', message: expect.stringContaining(message) })
})

test('§2.6.1 metadata of a result go to a job that has some, and to no other', async () => {
  const { orchestrator, worker, said } = await setup()
  worker.task('tag', () => ({ data: { ok: 1 }, metadata: { seen: true } }))
  await worker.start()
  orchestrator.endPoll(task({ type: 'tag', task_id: 'with', metadata: { tenant: 'x' } }))
  expect((await orchestrator.next('result')).body.metadata).toEqual({ seen: true })
  orchestrator.endPoll(task({ type: 'tag', task_id: 'without' }))
  const { body } = await orchestrator.next('result')
  expect(body).toMatchObject({ task_id: 'without', data: { ok: 1 } })
  expect(body).not.toHaveProperty('metadata')
  expect(await said('Result metadata not sent')).toMatchObject({
    taskId: 'without',
    metadata: { seen: true },
  })
})

test('§3.1.24 a heartbeat after the last hot task names one that is none', async () => {
  const { orchestrator, worker } = await setup({ WORKER_HEARTBEAT_DEBOUNCE_DELAY: 0 })
  await worker.start()
  const isBeat = ({ body }: { body: { hot_skills?: string[] } | '' }) =>
    body !== '' && body.hot_skills !== undefined
  expect((await orchestrator.next('heartbeat', isBeat)).body.hot_skills).toEqual([])
  worker.addToHotCache('model')
  worker.addToHotCache('echo')
  const has =
    (name: string) =>
    ({ body }: { body: { hot_skills?: string[] } | '' }) =>
      body !== '' && body.hot_skills?.includes(name) === true
  await orchestrator.next('heartbeat', has('echo'))
  worker.removeFromHotCache('echo')
  expect((await orchestrator.next('heartbeat', has(''))).body.hot_skills).toEqual([''])
})
