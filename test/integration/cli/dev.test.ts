import { createServer } from 'node:net'
import { Worker, WorkerConfig } from 'avtomatika-worker'
import { describe, expect, it, onTestFinished } from 'vitest'
import { command } from './command.js'

const LISTENS = /listens on (http:\/\/\S+)/

const urlOf = async (child: ReturnType<typeof command>): Promise<string> => {
  const [, url = ''] = await child.says(LISTENS)
  return url
}

const startWorker = async (url: string, token: string, more: Partial<WorkerConfig> = {}): Promise<Worker> => {
  const config = new WorkerConfig({
    ORCHESTRATOR_URL: url,
    WORKER_TOKEN: token,
    LOG_LEVEL: 'silent',
    ...more,
  })
  const worker = new Worker({ config }).task('hello', ({ name }) => ({ greeting: `Hello, ${name}` }))
  onTestFinished(() => worker.stop({ pollGraceMs: 0 }))
  await worker.start()
  return worker
}

const post = (url: string, token: string) =>
  fetch(`${url}/api/v1/jobs/one_task`, {
    method: 'POST',
    headers: { 'x-avtomatika-token': token },
    body: '{"initial_data": {"type": "hello", "params": {"name": "you"}}}',
  })

describe('avtomatika-worker dev', () => {
  it.each([
    ['auto', 'rxon', 'finished'],
    ['classic', 'classic', 'done'],
  ])(
    'starts an orchestrator for workers and clients, prints their events, and ends at SIGINT: %s',
    async (generation, spoken, end) => {
      const child = command(['dev', '--port', '0', '--generation', generation])
      const url = await urlOf(child)
      const { id } = await startWorker(url, 'your-secret-worker-token')
      await child.says(new RegExp(`worker ${id} \\(${spoken}\\) offers hello`))
      expect((await post(url, 'dev-client-token')).status).toBe(202)
      await child.says(new RegExp(`job \\S+ \\(hello\\): ${end}`))
      expect(child.output).toContain(`ORCHESTRATOR_URL=${url} npx avtomatika-worker run worker.js`)
      await child.end('SIGINT')
      expect(await child.ended()).toBe(0)
    },
  )

  it('prints a worker again when it uses another generation', async () => {
    const child = command(['dev', '--port', '0'])
    const url = await urlOf(child)
    for (const generation of ['classic', 'rxon'] as const) {
      const worker = await startWorker(url, 'your-secret-worker-token', {
        WORKER_ID: 'w1',
        ORCHESTRATOR_PROTOCOL: generation,
      })
      await child.says(new RegExp(`worker w1 \\(${generation}\\) offers hello`))
      await worker.stop({ pollGraceMs: 0 })
    }
  })

  it.each([
    ['options', ['--worker-token', 'w-secret', '--client-token', 'c-secret'], {}],
    ['variables', [], { WORKER_TOKEN: 'w-secret', CLIENT_TOKEN: 'c-secret' }],
  ])('takes its tokens from %s, and prints none', async (_where, args, env) => {
    const child = command(['dev', '--port', '0', ...args], env)
    const url = await urlOf(child)
    await startWorker(url, 'w-secret')
    await child.says(/offers hello/)
    expect((await post(url, 'dev-client-token')).status).toBe(401)
    expect((await post(url, 'c-secret')).status).toBe(202)
    await child.says(/\(hello\): finished/)
    expect(child.output).not.toContain('secret')
  })

  it('prints the reason of a failed job', async () => {
    const child = command(['dev', '--port', '0'])
    await post(await urlOf(child), 'dev-client-token')
    await child.says(/job \S+ \(hello\): (failed|quarantined): \S+/)
  })

  it('keeps a job until a worker comes: --wait-for-worker', async () => {
    const child = command(['dev', '--port', '0', '--wait-for-worker'])
    const url = await urlOf(child)
    await post(url, 'dev-client-token')
    await startWorker(url, 'your-secret-worker-token')
    await child.says(/\(hello\): finished/)
  })

  it('limits the requests: --rate-limit', async () => {
    const url = await urlOf(command(['dev', '--port', '0', '--rate-limit', '1/60']))
    const register = () =>
      fetch(`${url}/_worker/workers/register`, {
        method: 'POST',
        headers: { 'x-worker-token': 'your-secret-worker-token' },
        body: '{"worker_id": "w1"}',
      })
    expect((await register()).status).toBe(200)
    expect((await register()).status).toBe(429)
  })

  it.each([
    [['--host', '0.0.0.0'], '--host 0.0.0.0: expected a loopback address, or --allow-remote\n'],
    [['--port', '70000'], '--port 70000: expected a whole number from 0 to 65535\n'],
    [['--rate-limit', '100'], 'Expected requests/seconds, such as 100/60.'],
    [['--worker-token', ''], '--worker-token (hidden): expected a text that is not empty'],
  ])('refuses %s', async (args, message) => {
    const child = command(['dev', '--port', '0', ...args])
    expect(await child.ended()).toBe(1)
    expect(child.output).toContain(message)
  })

  it('listens on any address: --allow-remote', async () => {
    const child = command(['dev', '--port', '0', '--host', '0.0.0.0', '--allow-remote'])
    const { port } = new URL(await urlOf(child))
    expect((await fetch(`http://127.0.0.1:${port}/_public/status`)).status).toBe(200)
  })

  it('prints that its port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as { port: number }
    const child = command(['dev', '--port', String(port)])
    expect(await child.ended()).toBe(1)
    expect(child.output).toContain(`--port ${port}: expected a free port on 127.0.0.1`)
  })
})

it('avtomatika-worker prints its version and its commands', async () => {
  const version = command(['--version'])
  expect(await version.ended()).toBe(0)
  expect(version.output).toMatch(/^\d+\.\d+\.\d+\S*\n$/)
  const help = command(['--help'])
  expect(await help.ended()).toBe(0)
  expect(help.output).toMatch(/run .*\n[\s\S]* dev /)
})
