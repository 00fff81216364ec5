import { text } from 'node:stream/consumers'
import type { DevOrchestrator } from 'avtomatika-worker/dev'
import { describe, expect, it } from 'vitest'
import { call, plainSocket, rawClient, rawWorker, start, WORKER_TOKEN } from './raw.js'

/** Sends one request as it is written here, and returns the first line of the response and its body. */
const ask = async (orchestrator: DevOrchestrator, requestLine: string, ...headers: string[]) => {
  const socket = await plainSocket(orchestrator)
  const lines = [requestLine, 'Connection: close', ...headers]
  // The other half stays open: a server may drop a request whose client has ended.
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const answer = await text(socket)
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  return { status: Number(head.split(' ')[1]), body }
}

const upgrade = (orchestrator: DevOrchestrator, ...headers: string[]) =>
  new Promise<number>((resolve, reject) => {
    plainSocket(orchestrator).then((socket) => {
      const lines = [
        'GET /_worker/ws/w1 HTTP/1.1',
        `X-Worker-Token: ${WORKER_TOKEN}`,
        'Upgrade: websocket\r\nConnection: Upgrade',
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      ]
      socket.once('data', (bytes) => resolve(Number(bytes.toString().split(' ')[1])))
      socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    }, reject)
  })

const STATUS = 'GET /_public/status HTTP/1.1'

const FOREIGN = [
  'evil.example',
  'evil.example:80',
  'localhost.evil.example',
  'evillocalhost',
  '127.0.0.1.evil.example',
  '127.0.0.1.nip.io:8080',
  'localhost@evil.example',
  'localhost:80@evil.example',
  'localhost evil.example',
  'localhost, evil.example',
  '10.1.2.3',
  '0.0.0.0',
  '128.0.0.1',
  '127.0.0.256',
  '2130706433',
  '[::2]',
  '[2001:db8::1]:8080',
  '::1',
  '[::1',
  'localhost:port',
  '',
]

const LOCAL = [
  'localhost',
  'LOCALHOST:8080',
  'localhost.',
  'app.localhost:3000',
  '127.0.0.1',
  '127.0.0.1:1',
  '127.1.2.3',
  '[::1]',
  '[::1]:8080',
  '[::ffff:7f00:1]:8080',
]

describe('a request', () => {
  it.each(LOCAL)('is answered under a loopback name: %s', async (host) => {
    const orchestrator = await start()
    expect((await ask(orchestrator, STATUS, `Host: ${host}`)).status).toBe(200)
    expect(await upgrade(orchestrator, `Host: ${host}`)).toBe(101)
  })

  it.each(FOREIGN)('gets 403 under any other name, on a socket as well: "%s"', async (host) => {
    const orchestrator = await start()
    const { status, body } = await ask(orchestrator, STATUS, `Host: ${host}`)
    expect([status, JSON.parse(body)]).toEqual([
      403,
      { error: expect.stringMatching(/^Forbidden: Host '.*' is not allowed\. .*--allow-host/) },
    ])
    expect(await upgrade(orchestrator, `Host: ${host}`)).toBe(403)
  })

  it.each([
    'GET / HTTP/1.1',
    'GET /?token=dev-client-token HTTP/1.1',
    'GET /_public/status HTTP/1.1',
    'GET /api/v1/jobs HTTP/1.1',
    'GET /api/v1/workers HTTP/1.1',
    'POST /api/v1/jobs/one_task HTTP/1.1',
    'OPTIONS /api/v1/jobs/one_task HTTP/1.1',
    'POST /_worker/workers/register HTTP/1.1',
    'PATCH /_worker/workers/w1 HTTP/1.1',
    'GET /_worker/workers/w1/tasks/next HTTP/1.1',
    'GET /_worker/ws/w1 HTTP/1.1',
    'POST /_worker/tasks/result HTTP/1.1',
    'POST /_worker/events HTTP/1.1',
    'POST /_worker/auth/token HTTP/1.1',
    'POST /_worker/auth/token/refresh HTTP/1.1',
    'GET /nowhere HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'GET http://localhost/_public/status HTTP/1.1',
  ])('gets 403 from a foreign name or page, with every token: %s', async (requestLine) => {
    const orchestrator = await start()
    const tokens = [`X-Worker-Token: ${WORKER_TOKEN}`, 'X-Avtomatika-Token: dev-client-token']
    const foreignHost = await ask(orchestrator, requestLine, 'Host: evil.example', ...tokens)
    const foreignPage = await ask(
      orchestrator,
      requestLine,
      'Host: localhost',
      'Origin: https://evil.example',
      ...tokens,
    )
    expect([foreignHost.status, foreignPage.status]).toEqual([403, 403])
  })

  it.each(['http://localhost:3000', 'https://127.0.0.1', 'http://[::1]:8080', 'http://app.localhost'])(
    'may come from a page of this machine: %s',
    async (origin) => {
      const orchestrator = await start()
      const headers = ['Host: localhost', `Origin: ${origin}`]
      expect((await ask(orchestrator, STATUS, ...headers)).status).toBe(200)
      expect(await upgrade(orchestrator, ...headers)).toBe(101)
    },
  )

  it.each([
    'null',
    'http://evil.example',
    'http://localhost.evil.example',
    'http://localhost@evil.example',
    'http://localhost/',
    'http://localhost:3000 http://evil.example',
    'chrome-extension://localhost',
    'file://',
    'localhost',
    '',
  ])('gets 403 from any other page: Origin "%s"', async (origin) => {
    const orchestrator = await start()
    const headers = ['Host: localhost', `Origin: ${origin}`]
    expect((await ask(orchestrator, STATUS, ...headers)).body).toContain(`Forbidden: Origin '${origin}'`)
    expect(await upgrade(orchestrator, ...headers)).toBe(403)
  })

  it('gets 403 with two names, with none, and with a foreign one in its first line', async () => {
    const orchestrator = await start()
    const two = await ask(orchestrator, STATUS, 'Host: localhost', 'Host: evil.example')
    const none = await ask(orchestrator, 'GET /_public/status HTTP/1.0')
    const target = await ask(
      orchestrator,
      'GET http://evil.example/_public/status HTTP/1.1',
      'Host: localhost',
    )
    const twoPages = await ask(
      orchestrator,
      STATUS,
      'Host: localhost',
      'Origin: http://localhost',
      'Origin: http://evil.example',
    )
    expect([two, none, target, twoPages].map(({ status }) => status)).toEqual([403, 403, 403, 403])
  })

  it('that is refused creates no job', async () => {
    const orchestrator = await start({ waitForWorker: true })
    const body = '{"initial_data":{"type":"x","params":{}}}'
    await ask(
      orchestrator,
      'POST /api/v1/jobs/one_task HTTP/1.1',
      'Host: evil.example',
      'X-Avtomatika-Token: dev-client-token',
      `Content-Length: ${body.length}\r\n\r\n${body}`,
    )
    expect(orchestrator.jobs()).toEqual([])
  })

  it('shows no more than the beginning of a long name', async () => {
    const orchestrator = await start()
    const { body } = await ask(orchestrator, STATUS, `Host: ${'x'.repeat(5_000)}`)
    expect(body.length).toBeLessThan(400)
  })
})

describe('the names that are allowed', () => {
  it('are those of the option, too', async () => {
    const orchestrator = await start({ allowedHosts: ['Host.docker.internal', '10.1.2.3', '2001:db8::1'] })
    for (const host of [
      'host.docker.internal:8080',
      'HOST.docker.internal.',
      '10.1.2.3',
      '[2001:db8::1]:80',
    ]) {
      expect([host, (await ask(orchestrator, STATUS, `Host: ${host}`)).status]).toEqual([host, 200])
      expect((await ask(orchestrator, STATUS, 'Host: localhost', `Origin: http://${host}`)).status).toBe(200)
    }
    expect((await ask(orchestrator, STATUS, 'Host: docker.internal')).status).toBe(403)
  })

  it('have the address that is listened on, and of all addresses the one that was used', async () => {
    const orchestrator = await start({ host: '0.0.0.0', allowRemote: true })
    const answers = []
    for (const host of ['0.0.0.0', '127.0.0.1', 'localhost', 'evil.example', '10.1.2.3'])
      answers.push((await ask(orchestrator, STATUS, `Host: ${host}`)).status)
    expect(answers).toEqual([200, 200, 200, 403, 403])
  })

  it.each([['http://a'], ['a:80'], ['[::1]'], ['a b'], ['']])('cannot be "%s"', async (name) => {
    await expect(start({ allowedHosts: [name] })).rejects.toThrow('allowedHosts')
  })
})

describe('the tokens', () => {
  it('are the documented ones on a loopback address', async () => {
    const { workerToken, clientToken } = await start()
    expect([workerToken, clientToken]).toEqual(['your-secret-worker-token', 'dev-client-token'])
  })

  it('are random where other machines can connect', async () => {
    const first = await start({ host: '0.0.0.0', allowRemote: true })
    const second = await start({ host: '0.0.0.0', allowRemote: true })
    const tokens = [first.workerToken, first.clientToken, second.workerToken, second.clientToken]
    expect(new Set(tokens).size).toBe(4)
    for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{32}$/)
    const url = `http://127.0.0.1:${first.port}`
    expect((await rawWorker({ ...first, url }).register()).status).toBe(401)
    expect((await rawWorker({ ...first, url }, 'w1', first.workerToken).register()).status).toBe(200)
    expect((await rawClient({ ...first, url }, 'dev-client-token').read('x')).status).toBe(401)
    expect((await rawClient({ ...first, url }, first.clientToken).read('x')).status).toBe(404)
  })

  it.each([
    ['workerToken', ''],
    ['workerToken', 5],
    ['clientToken', {}],
    ['workerTokens', { w1: '' }],
  ])('are texts: %s = %j is refused', async (name, value) => {
    await expect(start({ [name]: value })).rejects.toThrow(name)
  })

  it('are compared whole', async () => {
    const orchestrator = await start({ workerTokens: { w2: 'own' } })
    const statuses = []
    for (const token of ['own', 'own ', 'ow', 'Own', `${WORKER_TOKEN}x`, WORKER_TOKEN.slice(1)]) {
      const url = `${orchestrator.url}/_worker/workers/w2`
      statuses.push((await call(url, 'PATCH', { headers: { 'x-worker-token': token } })).status)
    }
    // A blank after the value of a header is no part of it.
    expect(statuses).toEqual([404, 404, 401, 401, 401, 401])
  })
})
