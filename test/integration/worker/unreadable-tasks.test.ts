import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { RawOrchestrator, type Reply } from '../../support/raw-orchestrator.js'
import { testWorker } from '../../support/test-worker.js'

const task = (params: string) => `{"job_id":"j1","task_id":"t1","type":"echo","params":${params}}`
const deep = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`

const setUp = async (reply: Reply, generation: 'classic' | 'rxon') => {
  const orchestrator = await RawOrchestrator.start()
  orchestrator.endPoll(reply)
  const { worker, said, logged } = testWorker({
    url: orchestrator.url,
    variables: { MAX_TASK_BYTES: 100_000, ORCHESTRATOR_PROTOCOL: generation, TASK_POLL_ERROR_DELAY: 0.01 },
  })
  let runs = 0
  worker.task('echo', (params) => {
    runs++
    return { data: { size: JSON.stringify(params).length } }
  })
  await worker.start()
  /** The next task is done. */
  const worksOn = async () => {
    orchestrator.offer('echo', {}, 'after')
    await orchestrator.next('result', ({ body }) => body.task_id === 'after')
    expect(runs).toBe(1)
  }
  return { orchestrator, said, logged, worksOn }
}

const CASES: readonly [string, string, string, RegExp][] = [
  [
    'larger than MAX_TASK_BYTES',
    task(`{"a":"${'x'.repeat(200_000)}"}`),
    'PERMANENT_ERROR',
    /more than 100000 bytes/,
  ],
  ['too deep', task(deep(3_000)), 'PERMANENT_ERROR', /more than 500 levels/],
  [
    'of a type with a very long name',
    `{"job_id":"j1","task_id":"t1","type":"${'e'.repeat(50_000)}","params":{}}`,
    'PERMANENT_ERROR',
    /an id or a type of more than 1024 characters/,
  ],
  ['with NaN', task('{"a":NaN}'), 'PERMANENT_ERROR', /NaN or Infinity/],
  ['with an infinite number', task('{"a":[1, -Infinity]}'), 'PERMANENT_ERROR', /NaN or Infinity/],
  ['cut off', task('{"a":[1,2,').slice(0, -1), 'TRANSIENT_ERROR', /arrived damaged/],
]

for (const generation of ['classic', 'rxon'] as const) {
  test.each(CASES)(
    `§1.4.12 a task that is %s is answered, and not run (${generation})`,
    async (_, body, code, why) => {
      const { orchestrator, worksOn } = await setUp({ body }, generation)
      const { body: sent } = await orchestrator.next('result')
      expect(sent).toMatchObject({ job_id: 'j1', task_id: 't1' })
      const { status, error } = generation === 'classic' ? sent.result : sent
      expect([status, error.code]).toEqual(['failure', code])
      expect(error.message).toMatch(why)
      await worksOn()
    },
  )
}

test('§1.4.12 a compressed task that is too large is answered', async () => {
  const body = gzipSync(task(`{"a":"${'x'.repeat(500_000)}"}`))
  const { orchestrator, worksOn } = await setUp({ body, headers: { 'content-encoding': 'gzip' } }, 'classic')
  const { body: sent } = await orchestrator.next('result')
  expect(sent.result.error).toMatchObject({ code: 'PERMANENT_ERROR' })
  await worksOn()
})

test('§1.4.12 a task whose ids cannot be read is said, with the size, and the worker goes on', async () => {
  const { said, worksOn } = await setUp({ body: `{"params":"${'x'.repeat(200_000)}"}` }, 'classic')
  const { err } = await said('Poll failed')
  expect(err?.message).toContain('without readable ids')
  expect(err?.message).toContain('more than 100000 bytes')
  await worksOn()
})

test('§1.4.12 a task with a very long id is said, and the worker goes on', async () => {
  const body = `{"job_id":"j1","task_id":"${'t'.repeat(50_000)}","type":"echo","params":{}}`
  const { said, worksOn } = await setUp({ body }, 'classic')
  expect((await said('Poll failed')).err?.message).toContain('without readable ids')
  await worksOn()
})

test('§1.4.12 a task with long names is quoted in part', async () => {
  const { said, logged } = await setUp({ body: `{"${'k'.repeat(50_000)}":1}` }, 'classic')
  await said('Poll failed')
  for (const { err } of logged('warn')) expect(err?.message.length ?? 0).toBeLessThan(600)
})
