import { renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testOrchestrator } from '../../support/test-orchestrator.js'
import { command, moduleFile } from './command.js'

const CODE = (greeting: string) => `import { Worker } from 'avtomatika-worker'
import { suffix } from './suffix.mjs'
const worker = new Worker()
worker.task('hello', ({ name }) => ({ greeting: '${greeting}, ' + name + suffix }))
worker.task('slow', (_params, { signal }) => new Promise((resolve, reject) => {
  console.log('slow begins')
  signal.addEventListener('abort', () => reject(signal.reason))
}))
export default worker`

const project = () => {
  const file = moduleFile('worker.mjs', CODE('Hello'))
  const folder = dirname(file)
  writeFileSync(join(folder, 'suffix.mjs'), "export const suffix = '!'")
  return { file, folder }
}

/** Editors write a new file and rename it. */
const save = (path: string, text: string): void => {
  writeFileSync(`${path}~`, text)
  renameSync(`${path}~`, path)
}

const send = async (folder: string, ...args: string[]) => {
  const child = command(['send', ...args, '--wait', '--json'], {}, folder)
  const code = await child.ended()
  return { code, job: JSON.parse(child.output) }
}

describe('avtomatika-worker dev FILE', () => {
  it('runs the worker, finds its orchestrator from another terminal, and restarts it on save', async () => {
    const { file, folder } = project()
    const dev = command(['dev', 'worker.mjs', '--port', '0'], {}, folder)
    await dev.says(/offers hello/)
    const first = await send(folder, 'hello', '{"name": "you"}')
    expect(first).toMatchObject({
      code: 0,
      job: { outcome: 'finished', result: { greeting: 'Hello, you!' } },
    })
    save(file, CODE('Goodbye'))
    await dev.says(/worker\.mjs has changed\.[\s\S]*The worker runs again/)
    // The job waits until the new process asks for it. The poll of the old one does not swallow it.
    expect((await send(folder, 'hello', '{"name": "you"}')).job).toMatchObject({
      result: { greeting: 'Goodbye, you!' },
      retryCount: 0,
    })
    save(join(folder, 'suffix.mjs'), "export const suffix = '?'")
    await dev.says(/suffix\.mjs has changed\.[\s\S]*The worker runs again/)
    expect((await send(folder, 'hello', '{"name": "you"}')).job.result).toEqual({ greeting: 'Goodbye, you?' })
    await dev.end('SIGINT')
    expect(await dev.ended()).toBe(0)
  })

  it('shows the log lines of a handler on the page of the orchestrator, and prints them', async () => {
    const { folder } = project()
    const code = CODE('Hello').replace(
      '({ name }) => (',
      '({ name }, { log }) => (log.info({ name }, "Greeting"), ',
    )
    save(join(folder, 'worker.mjs'), code)
    const token = 'token-of-the-client'
    const dev = command(['dev', 'worker.mjs', '--port', '0', '--client-token', token], {}, folder)
    await dev.says(/offers hello/)
    const [, url = ''] = /listens on (\S+)/.exec(dev.output) ?? []
    const headers = { 'x-client-token': token }
    const body = JSON.stringify({ initial_data: { type: 'hello', params: { name: 'you' } } })
    const created = await fetch(`${url}/api/v1/jobs/one_task`, { method: 'POST', headers, body })
    const { job_id: id } = (await created.json()) as { job_id: string }
    await dev.says(/"msg":"Greeting"/)
    const session = { method: 'POST', headers: { origin: url }, body: JSON.stringify({ token }) }
    const cookie =
      (await fetch(`${url}/_page/session`, session)).headers.get('set-cookie')?.split(';')[0] ?? ''
    const job = await (await fetch(`${url}/_page/jobs/${id}`, { headers: { cookie } })).text()
    expect(job).toContain('Greeting')
  })

  it('ends a running handler within the drain, and its task runs again in the new worker', async () => {
    const { file, folder } = project()
    const dev = command(['dev', 'worker.mjs', '--port', '0'], {}, folder)
    await dev.says(/offers hello/)
    const slow = command(['send', 'slow', '--wait', '--json'], {}, folder)
    await dev.says(/slow begins/)
    save(
      file,
      CODE('Hello').replace(
        /worker\.task\('slow'[\s\S]*\}\)\)/,
        "worker.task('slow', () => ({ is: 'done' }))",
      ),
    )
    await dev.says(/the old one ended in \d+ ms/)
    expect(await slow.ended()).toBe(0)
    expect(JSON.parse(slow.output)).toMatchObject({ outcome: 'finished', result: { is: 'done' } })
  })

  it('survives code that does not compile, and starts the worker after the next save', async () => {
    const { file, folder } = project()
    const dev = command(['dev', 'worker.mjs', '--port', '0'], {}, folder)
    await dev.says(/offers hello/)
    save(file, 'const x = ;')
    await dev.says(
      /syntax error in worker\.mjs:1: [\s\S]*The worker ended with exit code 1\. Save a file to start it again\./,
    )
    save(file, CODE('Goodbye'))
    await dev.says(/ended with exit code 1[\s\S]*The worker runs again/)
    expect((await send(folder, 'hello', '{"name": "you"}')).job.result).toEqual({ greeting: 'Goodbye, you!' })
  })

  it('prints events as JSON: --json', async () => {
    const { folder } = project()
    const dev = command(['dev', 'worker.mjs', '--port', '0', '--json'], { LOG_LEVEL: 'silent' }, folder)
    await dev.says(/"event":"worker"/)
    const { job } = await send(folder, 'hello', '{"name": "you"}')
    await dev.says(/"event":"job"/)
    const lines = dev.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines).toMatchObject([
      { event: 'listening', url: expect.stringMatching(/^http:/) },
      { event: 'worker', taskNames: ['hello', 'slow'], generation: 'rxon' },
      { event: 'job', id: job.id, task: 'hello', status: 'finished' },
    ])
  })

  it('refuses a path that does not exist', async () => {
    const dev = command(['dev', 'nowhere.mjs', '--port', '0'])
    expect(await dev.ended()).toBe(2)
    expect(dev.output).toMatch(/^Cannot import nowhere\.mjs: the file does not exist\nHelp: .+#usage\nNext: /)
  })
})

it('avtomatika-worker run --watch restarts the worker on save', async () => {
  const orchestrator = await testOrchestrator()
  const { file, folder } = project()
  const env = { ORCHESTRATOR_URL: orchestrator.url, WORKER_ID: 'watched' }
  const child = command(['run', 'worker.mjs', '--watch'], env, folder)
  await Promise.race([orchestrator.waitForWorker('hello'), child.ended()])
  save(file, CODE('Goodbye'))
  await child.says(/The worker runs again/)
  const { id } = await orchestrator.createJob({ task: 'hello', params: { name: 'you' } })
  expect((await orchestrator.waitForJob(id)).history).toEqual({ greeting: 'Goodbye, you!' })
  await child.end('SIGTERM')
  expect(await child.ended()).toBe(0)
})
