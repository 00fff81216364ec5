import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidInputError, Worker, WorkerConfig } from 'avtomatika-worker'
import type { TestOrchestratorOptions } from 'avtomatika-worker/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { testOrchestrator } from '../../support/test-orchestrator.js'
import { gate } from '../../support/test-worker.js'
import { command } from './command.js'

const workerAt = (url: string, id = 'w1'): Worker => {
  const config = new WorkerConfig({
    ORCHESTRATOR_URL: url,
    WORKER_ID: id,
    WORKER_JOURNAL: false,
    LOG_LEVEL: 'silent',
  })
  const worker = new Worker({ config })
  onTestFinished(() => worker.stop({ pollGraceMs: 0 }))
  return worker
}

const start = async (options: TestOrchestratorOptions = {}) => {
  const orchestrator = await testOrchestrator({
    clientToken: 'client-secret',
    maxRetries: 0,
    waitForWorker: false,
    ...options,
  })
  const begun = gate()
  const worker = workerAt(orchestrator.url)
  worker.task('double', ({ n }, { progress }) => {
    progress(0.5, 'half\u001b[31m of it')
    return { doubled: Number(n) * 2 }
  })
  worker.task('big', { bigints: true }, ({ n }) => ({ doubled: BigInt(n) * 2n }))
  worker.task('refuse', () => {
    throw new InvalidInputError('no')
  })
  worker.task('wait', (_params, { signal }) => {
    begun.open()
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
  await worker.start()
  await orchestrator.waitForWorker('double')
  const env = { ORCHESTRATOR_URL: orchestrator.url, CLIENT_TOKEN: 'client-secret' }
  const run = async (...args: string[]) => {
    const child = command(args, env)
    const code = await child.ended()
    expect(child.output).not.toContain('client-secret')
    return { code, output: child.output }
  }
  return { orchestrator, env, run, begun }
}

describe('send, jobs, job and cancel', () => {
  it('send prints the id and the next command', async () => {
    const { run, orchestrator } = await start()
    const { code, output } = await run('send', 'double', '{"n": 21}')
    expect(code).toBe(0)
    const [, id = ''] =
      /^Job (\S+) created\.\nNext: npx avtomatika-worker job (\S+) --wait\n$/.exec(output) ?? []
    expect((await orchestrator.waitForJob(id)).history).toEqual({ doubled: 42 })
    expect((await run('job', id)).output).toMatch(/^job {6}\S+\nstatus {3}finished\n[\s\S]*"doubled": 42/)
  })

  it.each([
    ['finished', 'double', 0],
    ['failed', 'refuse', 10],
    ['quarantined', 'nobody', 11],
  ])('send --wait ends with the exit code of a job that is %s', async (outcome, task, code) => {
    const { run } = await start()
    const ended = await run('send', task, '{"n": 1}', '--wait', '--json')
    expect(JSON.parse(ended.output)).toMatchObject({ outcome })
    expect(ended.code).toBe(code)
  })

  it.each(['classic', 'auto'] as const)(
    'send --wait says that no worker offers the task, and goes on waiting: %s',
    async (generation) => {
      const { orchestrator, env } = await start({ generation, waitForWorker: true })
      const withSlash = { ...env, ORCHESTRATOR_URL: `${orchestrator.url}/` }
      const child = command(['send', 'dubble', '{"n": 21}', '--wait'], withSlash)
      await child.says(/^No worker offers "dubble": did you mean "double"\?$/m)
      const late = workerAt(orchestrator.url, 'w2')
      await late.task('dubble', ({ n }) => ({ doubled: Number(n) * 2 })).start()
      expect(await child.ended()).toBe(0)
      expect(child.output).toContain('"doubled": 42')
    },
  )

  it('send --wait prints progress and result, without control characters', async () => {
    const { run } = await start()
    const { output } = await run('send', 'double', '{"n": 21}', '--wait')
    expect(output).toContain('"doubled": 42')
    expect(output).not.toContain('\u001b')
  })

  it('keeps large integers in params and results', async () => {
    const { run } = await start()
    const { output } = await run('send', 'big', '{"n": 9007199254740993}', '--wait', '--json')
    expect(output).toMatch(/"doubled":18014398509481986\b/)
  })

  it('reads params from a file, and says what is wrong with them', async () => {
    const { run } = await start()
    const file = join(temporaryFolder(), 'params.json')
    writeFileSync(file, '{"n": 4}')
    expect(JSON.parse((await run('send', 'double', `@${file}`, '--wait', '--json')).output).result).toEqual({
      doubled: 8,
    })
    for (const [params, message] of [
      ['{n: 1}', /^The params in the argument are not JSON: /],
      ['[1]', /^The params in the argument are no JSON object\./],
      ['@nowhere.json', /^Cannot read the params in nowhere\.json: ENOENT\n/],
    ] as const) {
      const { code, output } = await run('send', 'double', params)
      expect(code).toBe(2)
      expect(output).toMatch(message)
      expect(output).toContain(`Next: npx avtomatika-worker send double '{"name": "you"}' --wait`)
    }
  })

  it('lists jobs as lines and as JSON', async () => {
    const { run } = await start()
    expect((await run('jobs')).output).toContain('Next: npx avtomatika-worker send TASK')
    const { id } = JSON.parse((await run('send', 'nobody', '{}', '--json')).output)
    expect((await run('jobs')).output).toMatch(new RegExp(`^${id}  nobody  quarantined  .+\n$`))
    expect(JSON.parse((await run('jobs', '--json')).output)).toMatchObject([
      { id, outcome: 'quarantined', result: null },
    ])
  })

  it('cancels a job, and waits for its end', async () => {
    const { run, begun } = await start()
    const { id } = JSON.parse((await run('send', 'wait', '{}', '--json')).output)
    await begun.opened
    const { code, output } = await run('cancel', id, '--wait', '--json')
    expect(JSON.parse(output)).toMatchObject({ id, outcome: 'cancelled' })
    expect(code).toBe(12)
    const unknown = await run('cancel', 'nope')
    expect(unknown.code).toBe(6)
    expect(unknown.output).toMatch(/\nNext: npx avtomatika-worker jobs\n$/)
  })

  it('a job that does not end in time has a code of its own, and goes on', async () => {
    const { run } = await start()
    const { code, output } = await run('send', 'wait', '{}', '--wait', '--timeout', '0.3')
    expect(code).toBe(7)
    expect(output).toMatch(/did not end within 300 ms[\s\S]*\nNext: npx avtomatika-worker job \S+ --wait\n$/)
  })

  it('tells an unknown job, a wrong token, no token and no orchestrator apart', async () => {
    const { run, orchestrator } = await start({ expects: ({ status }) => status === 401 })
    expect(await run('job', 'nope')).toMatchObject({
      code: 6,
      output: expect.stringMatching(/Next: npx avtomatika-worker jobs\n$/),
    })
    const refused = await run('jobs', '--client-token', 'other-secret')
    expect(refused).toMatchObject({ code: 5, output: expect.not.stringContaining('other-secret') })
    const unreachable = await run('jobs', '--url', 'http://127.0.0.1:1')
    expect(unreachable).toMatchObject({
      code: 4,
      output: expect.stringMatching(/Next: npx avtomatika-worker doctor\n$/),
    })
    const child = command(['jobs'], { ORCHESTRATOR_URL: orchestrator.url })
    expect(await child.ended()).toBe(2)
    expect(child.output).toMatch(
      /^No token for the client API of [\s\S]*\nNext: npx avtomatika-worker dev\n$/,
    )
  })
})
