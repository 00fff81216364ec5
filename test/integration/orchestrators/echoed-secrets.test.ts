import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { inspect } from 'node:util'
import { type ResultRef, Worker, WorkerConfig } from 'avtomatika-worker'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { linesOf } from '../../support/log-lines.js'
import { type Call, RawOrchestrator, type Reply } from '../../support/raw-orchestrator.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { testWorker } from '../../support/test-worker.js'

const TOKEN = 'quiet/T0ken+"of\\this-worker'
const KEY = 'quiet-key-of-the-tasks'
/** Parts of both secrets, in the forms in which a peer may send them. */
const TRACES = ['quiet/T0', 'T0ken', 'of\\this', 'this-worker', 'quiet-key', 'of-the-tasks']
const BASE64 = /cXVpZXQ|aGlzLXdvcmtlc|dGhpcy13b3Jr/

const expectNoTrace = (shown: string): void => {
  for (const trace of TRACES) expect(shown).not.toContain(trace)
  expect(shown).not.toMatch(BASE64)
}

const everyForm = (token: unknown): string => {
  const text = String(token)
  const json = JSON.stringify({ 'x-worker-token': text, key: KEY })
  const base64 = Buffer.from(`worker:${text}`).toString('base64')
  return `${text} ${json} ${encodeURIComponent(text)} Basic ${base64} ${KEY} ${text.slice(0, 14)}`
}

const echo =
  (status: number, write: (form: string) => unknown) =>
  ({ headers }: Call): Reply => ({ status, body: write(everyForm(headers['x-worker-token'])) })

const ECHOES: readonly [string, (form: string) => unknown][] = [
  ['an error', (form) => ({ error: `bad request: ${form}` })],
  ['a page', (form) => `<pre>${form}</pre>`],
  ['a list', (form) => [form]],
  ['a page whose quote ends within the token', (form) => `${'x'.repeat(490)}${form}`],
]

const setUp = async (variables: ConstructorParameters<typeof WorkerConfig>[0] = {}) => {
  const server = await RawOrchestrator.start()
  const folder = temporaryFolder()
  const made = testWorker({
    url: server.url,
    variables: {
      ORCHESTRATOR_PROTOCOL: 'rxon',
      WORKER_TOKEN: TOKEN,
      ORCHESTRATOR_SECRET_KEY: KEY,
      WORKER_STATE_DIR: folder,
      RESULT_MAX_RETRIES: 0,
      RESULT_RETRY_INITIAL_DELAY: 0.01,
      HEARTBEAT_INTERVAL: 0.05,
      TASK_POLL_ERROR_DELAY: 0.01,
      ...variables,
    },
  })
  const shown: unknown[] = []
  const note = (event: unknown) => void shown.push(event)
  const { worker } = made
  worker.on('resultRefused', note)
  worker.on('resultSetAside', note)
  worker.on('resultIgnored', note)
  worker.on('socketClosed', note)
  const everything = () => {
    const letters = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`, 'utf8'))
    const objects = [shown, worker, worker.readiness, worker.ignoredResults]
    return [
      ...letters,
      ...objects.flatMap((each) => [inspect(each, { depth: 9, showHidden: true }), JSON.stringify(each)]),
      JSON.stringify(made.logged()),
    ].join('\n')
  }
  const event = (name: 'resultRefused' | 'resultSetAside' | 'resultIgnored') =>
    new Promise<ResultRef>((resolve) => worker.on(name, resolve))
  return { ...made, server, everything, event }
}

test.each(ECHOES)('§1.1.11 %s that quotes the token shows no part of it anywhere', async (_, write) => {
  const { server, worker, said, event, everything } = await setUp()
  server.answers('registration', echo(500, write))
  await worker.start()
  await said('Registration failed')
  server.behaves('registration')
  await server.next('poll')

  server.answers('heartbeat', echo(500, write))
  await said('Heartbeat failed')
  for (const [name, status] of [
    ['resultRefused', 404],
    ['resultSetAside', 500],
  ] as const) {
    server.answers('result', echo(status, write))
    const told = event(name)
    server.offer('unknown')
    await told
  }
  server.endPoll({ status: 502, body: write(everyForm(TOKEN)) })
  await said('Poll failed')
  expect(worker.readiness.reason).toBe(`polls of ${server.url} fail: status 502`)
  expectNoTrace(everything())
  expect(everything()).toContain('***')
})

test('§1.1.11 neither does the reason for which a result is ignored', async () => {
  const { server, worker, event, everything } = await setUp()
  server.answers(
    'result',
    echo(200, (form) => ({ status: 'ignored', reason: form })),
  )
  const told = event('resultIgnored')
  await worker.start()
  server.offer('unknown')
  await told
  expect(worker.ignoredResults.size).toBe(1)
  expectNoTrace(everything())
})

test('§1.1.11 neither does the error of a server that sends back whatever it gets', async () => {
  const mirror = createServer((socket) => void socket.on('error', () => {}).pipe(socket))
  await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => void mirror.close(() => resolve())))
  const { port } = mirror.address() as { port: number }
  const { logger, lines } = linesOf()
  const config = new WorkerConfig({
    ORCHESTRATOR_URL: `http://127.0.0.1:${port}`,
    WORKER_TOKEN: TOKEN,
    WORKER_JOURNAL: false,
  })
  const worker = new Worker({ config, logger }).task('any', () => {})
  onTestFinished(() => worker.stop({ pollGraceMs: 0 }))
  await worker.start()
  const line = await lines.first(({ message }) => message.startsWith('Registration failed'))
  // The parser's error has the bytes that it could not read.
  expectNoTrace(inspect(line, { depth: 9, showHidden: true }))
})

test('§1.1.11 neither does what comes over the socket: refusals, messages and the reason of its end', async () => {
  const { server, worker, said, everything } = await setUp({ WORKER_ENABLE_WEBSOCKETS: true })
  const sockets = new WebSocketServer({ noServer: true })
  onTestFinished(() => void sockets.close())
  let asked = 0
  server.upgrades((request, tcp, head) => {
    const form = everyForm(request.headers['x-worker-token'])
    if (asked++ === 0) {
      tcp.end(`HTTP/1.1 500 No\r\nconnection: close\r\ncontent-length: ${form.length}\r\n\r\n${form}`)
      return
    }
    sockets.handleUpgrade(request, tcp, head, (socket) => {
      socket.send(form)
      socket.close(4_000, `${TOKEN} ${KEY}`)
    })
  })
  const closed = new Promise((resolve) => worker.on('socketClosed', resolve))
  await worker.start()
  await said('Command socket not open')
  expect(await closed).toMatchObject({ code: 4_000, reason: '*** ***' })
  await said('message ignored')
  expectNoTrace(everything())
})

test('§1.1.11 neither does a quote of a short-lived token, or of the token before it', async () => {
  const { server, worker, said, everything } = await setUp({ WORKER_USE_STS: true })
  const tokens = ['first-T0ken-that-is-short-lived', 'refresh-with-this-T0ken']
  server.answers('other', {
    body: { access_token: tokens[0], refresh_token: tokens[1], expires_in: 3_600 },
  })
  server.answers('heartbeat', () => ({ status: 500, body: tokens.join(' ') }))
  await worker.start()
  const { err } = await said('Heartbeat failed')
  expect(err?.message).toBe('A heartbeat was answered 500: *** ***')
  expectNoTrace(everything())
})
