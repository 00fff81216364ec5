import { exec } from 'node:child_process'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { Worker, WorkerConfig } from 'avtomatika-worker'
import { request } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { command } from './command.js'

const LISTENS = /listens on (http:\/\/\S+)/

/** The tokens that a person would copy from the terminal. */
const PRINTED = /WORKER_TOKEN=(\S+) npx[\s\S]*X-Avtomatika-Token: (\S+)'/

const urlOf = async (child: ReturnType<typeof command>): Promise<string> => {
  const [, url = ''] = await child.says(LISTENS)
  return url
}

const tokensOf = async (child: ReturnType<typeof command>) => {
  const [, worker = '', client = ''] = await child.says(PRINTED)
  return { worker, client }
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
      const { worker, client } = await tokensOf(child)
      const { id } = await startWorker(url, worker)
      await child.says(new RegExp(`worker ${id} \\(${spoken}\\) offers hello`))
      expect((await post(url, client)).status).toBe(202)
      await child.says(new RegExp(`job \\S+ \\(hello\\): ${end}`))
      expect(child.output).toContain(
        `ORCHESTRATOR_URL=${url} WORKER_TOKEN=${worker} npx avtomatika-worker run worker.js`,
      )
      expect(child.output).toContain(`${url}/#token=${client}`)
      await child.end('SIGINT')
      expect(await child.ended()).toBe(0)
    },
  )

  it('prints a worker again when it uses another generation', async () => {
    const child = command(['dev', '--port', '0'])
    const url = await urlOf(child)
    const tokens = await tokensOf(child)
    for (const generation of ['classic', 'rxon'] as const) {
      const worker = await startWorker(url, tokens.worker, {
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
    await post(await urlOf(child), (await tokensOf(child)).client)
    await child.says(/job \S+ \(hello\): (failed|quarantined): \S+/)
  })

  it('keeps a job until a worker comes: --wait-for-worker', async () => {
    const child = command(['dev', '--port', '0', '--wait-for-worker'])
    const url = await urlOf(child)
    const { worker, client } = await tokensOf(child)
    await post(url, client)
    await startWorker(url, worker)
    await child.says(/\(hello\): finished/)
  })

  it('limits the requests: --rate-limit', async () => {
    const child = command(['dev', '--port', '0', '--rate-limit', '1/60'])
    const url = await urlOf(child)
    const { worker } = await tokensOf(child)
    const register = () =>
      fetch(`${url}/_worker/workers/register`, {
        method: 'POST',
        headers: { 'x-worker-token': worker },
        body: '{"worker_id": "w1"}',
      })
    expect((await register()).status).toBe(200)
    expect((await register()).status).toBe(429)
  })

  it.each([
    [['--host', '0.0.0.0'], '--host 0.0.0.0: expected a loopback address, or --allow-remote\n'],
    [['--port', '70000'], '--port 70000: expected a whole number from 0 to 65535\n'],
    [['--rate-limit', '100'], 'Expected requests/seconds, such as 100/60'],
    [['--allow-host', 'a b'], '--allow-host a b: expected names or addresses, without ports\n'],
    [['--worker-token', ''], '--worker-token (hidden): expected a text that is not empty'],
  ])('refuses %s', async (args, message) => {
    const child = command(['dev', '--port', '0', ...args])
    expect(await child.ended()).toBe(2)
    expect(child.output).toContain(message)
  })

  it('takes no documented token by default, and has new ones at each start', async () => {
    const [first, second] = [command(['dev', '--port', '0']), command(['dev', '--port', '0'])]
    const tokens = [await tokensOf(first), await tokensOf(second)].flatMap(({ worker, client }) => [
      worker,
      client,
    ])
    expect(new Set(tokens).size).toBe(4)
    const url = await urlOf(first)
    expect((await post(url, 'dev-client-token')).status).toBe(401)
    const registration = await fetch(`${url}/_worker/workers/register`, {
      method: 'POST',
      headers: { 'x-worker-token': 'your-secret-worker-token' },
      body: '{"worker_id": "w1"}',
    })
    expect(registration.status).toBe(401)
  })

  it('prints commands that work when they are pasted', async () => {
    const child = command(['dev', '--port', '0', '--wait-for-worker'])
    await child.says(/To keep yours, .*\n/)
    const [curl = ''] = /curl .*\\\n.*$/m.exec(child.output) ?? []
    // A shell reads the line, and hands over what it would give to curl.
    const { stdout } = await promisify(exec)(`curl() { printf '%s\\n' "$@"; }; ${curl}`)
    const [url = '', , header = '', , body = ''] = stdout.split('\n')
    const [name = '', token = ''] = header.split(': ')
    const job = await fetch(url, { method: 'POST', headers: { [name]: token }, body })
    expect(await job.json()).toMatchObject({ status: 'accepted' })
    const [, at = '', workerToken = ''] = /ORCHESTRATOR_URL=(\S+) WORKER_TOKEN=(\S+)/.exec(child.output) ?? []
    await startWorker(at, workerToken)
    await child.says(/\(hello\): finished/)
  })

  it('answers to names that it is told: --allow-host', async () => {
    const url = await urlOf(
      command(['dev', '--port', '0', '--allow-host', 'a.example', '--allow-host', 'b.example']),
    )
    const statuses = []
    for (const host of ['a.example', 'b.example', 'c.example']) {
      const { statusCode } = await request(`${url}/_public/status`, { headers: { host } })
      statuses.push(statusCode)
    }
    expect(statuses).toEqual([200, 200, 403])
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
    expect(await child.ended()).toBe(2)
    expect(child.output).toContain(`--port ${port}: expected a free port on 127.0.0.1`)
  })
})

it('avtomatika-worker prints its version and its commands', async () => {
  const version = command(['--version'])
  expect(await version.ended()).toBe(0)
  expect(version.output).toMatch(/^\d+\.\d+\.\d+\S*\n$/)
  const help = command(['--help'])
  expect(await help.ended()).toBe(0)
  expect(help.output).toMatch(/dev .*\n[\s\S]* run /)
})
