import { createHmac } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { GENERATIONS, type Generation } from '../../support/generations.js'
import { nextEvent } from '../../support/next-event.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { testWorker } from '../../support/test-worker.js'

const ID = '1234567890123456789'
const KEY = 'key that signs tasks'

/** The members are in the order that the signature needs. */
const offerOf = (generation: Generation, taskId: string, params: string) => {
  const text = `{"job_id":"j ${taskId}","params":${params},"task_id":"${taskId}","timestamp":1795462114,"tracing_context":{},"type":"work"}`
  const sig = createHmac('sha256', KEY).update(text).digest('hex')
  const body = generation === 'classic' ? text : `${text.slice(0, -1)},"sig":"${sig}"}`
  return { status: 200, body, headers: { 'content-type': 'application/json' } }
}

const setUp = async (
  generation: Generation,
  options: { bigints?: boolean; params?: z.ZodType },
  handler = (params: unknown) => ({ data: params }),
) => {
  const orchestrator = await RawOrchestrator.start()
  const folder = temporaryFolder()
  const variables = {
    ORCHESTRATOR_PROTOCOL: generation,
    WORKER_STATE_DIR: folder,
    TASK_POLL_TIMEOUT: 600,
    ...(generation === 'rxon' && { ORCHESTRATOR_SECRET_KEY: KEY }),
  }
  const made = testWorker({ url: orchestrator.url, variables })
  const seen: unknown[] = []
  made.worker.task('work', options as object, (params: unknown) => {
    seen.push(params)
    return handler(params) as object
  })
  await made.worker.start()
  let count = 0
  const run = async (params: string) => {
    orchestrator.endPoll(offerOf(generation, `t${++count}`, params))
    return (await orchestrator.answered('result')).text
  }
  return { orchestrator, folder, ...made, seen, run }
}

const warnings = (logged: ReturnType<typeof testWorker>['logged']) =>
  logged('warn').filter(({ msg }) => msg.includes('Integer'))

describe.each(GENERATIONS)('§1.4.11 integers beyond 2^53, %s', (generation) => {
  test('a task with `bigints` receives and returns every digit', async () => {
    const { seen, run, logged } = await setUp(generation, { bigints: true })
    expect(await run(`{"id":${ID},"n":1}`)).toContain(`"data":{"id":${ID},"n":1}`)
    expect(seen).toEqual([{ id: BigInt(ID), n: 1 }])
    expect(warnings(logged)).toEqual([])
  })

  test('a schema that accepts bigints receives every digit', async () => {
    const params = z.object({ id: z.bigint(), text: z.coerce.string() })
    const { seen, run, logged } = await setUp(generation, { params })
    expect(await run(`{"id":${ID},"text":${ID}}`)).toContain(`"data":{"id":${ID},"text":"${ID}"}`)
    expect(seen).toEqual([{ id: BigInt(ID), text: ID }])
    expect(warnings(logged)).toEqual([])
  })

  test.each([
    ['without a schema', {}],
    ['with a schema for numbers', { params: z.object({ list: z.array(z.number()) }) }],
  ])('another task receives rounded numbers, and the log says so once: %s', async (_, options) => {
    const { seen, run, logged } = await setUp(generation, options)
    await run(`{"list":[1,${ID}]}`)
    await run(`{"list":[${ID}]}`)
    expect(seen).toEqual([{ list: [1, Number(ID)] }, { list: [Number(ID)] }])
    expect(warnings(logged)).toEqual([
      expect.objectContaining({
        taskName: 'work',
        path: 'params.list[1]',
        msg: expect.stringContaining('`bigints: true`'),
      }),
    ])
  })

  test('a number that a double holds exactly causes no warning', async () => {
    const { seen, run, logged } = await setUp(generation, {})
    await run('{"power":1152921504606846976}')
    expect([seen, warnings(logged)]).toEqual([[{ power: 2 ** 60 }], []])
  })

  test('a bigint in the result of another task is an error with its path', async () => {
    const { run } = await setUp(generation, {}, () => ({ data: { list: [1n] } }))
    expect(await run('{}')).toMatch(/"PERMANENT_ERROR".*data\.list\[0\] is a bigint/)
  })
})

test('a number beyond every double is infinite, and the log says so', async () => {
  const { seen, run, logged } = await setUp('classic', {})
  await run('{"huge":1e400}')
  expect(seen).toEqual([{ huge: Number.POSITIVE_INFINITY }])
  expect(warnings(logged)).toEqual([expect.objectContaining({ path: 'params.huge' })])
})

test('a dead letter keeps every digit', async () => {
  const { orchestrator, folder, worker, run } = await setUp('classic', { bigints: true })
  orchestrator.answers('result', { status: 404, body: { error: 'Job not found' } })
  const refused = nextEvent(worker, 'resultRefused')
  await run(`{"id":${ID}}`)
  await refused
  const letters = join(folder, 'dead-letters')
  expect(readFileSync(join(letters, String(readdirSync(letters)[0])), 'utf8')).toContain(`"id": ${ID}`)
})

test('a successor sends every digit of a result that its predecessor left', async () => {
  const { orchestrator, folder, worker, run } = await setUp('classic', { bigints: true })
  orchestrator.answers('result', { status: 503 })
  await run(`{"id":${ID}}`)
  await worker.stop({ pollGraceMs: 0 })
  orchestrator.behaves('result')
  const next = testWorker({
    url: orchestrator.url,
    variables: { WORKER_STATE_DIR: folder, WORKER_POLL_FENCE: false },
  })
  await next.worker.start()
  expect((await orchestrator.answered('result')).text).toContain(`"data":{"id":${ID}}`)
})
