import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer, type Socket as NetSocket } from 'node:net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { HttpTransport } from '../../../src/transport/http.js'
import { HttpProxy } from '../../../src/transport/proxy.js'
import { TlsFiles } from '../../../src/transport/tls-files.js'
import { openSocket, Socket } from '../../../src/transport/websocket.js'
import { HttpProxyServer } from '../../support/http-proxy.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { ScriptedOrchestrator } from '../../support/scripted-orchestrator.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { testWorker } from '../../support/test-worker.js'
import { Authority, canCertify } from '../../support/tls/certificates.js'

const REQUEST = { method: 'GET', path: '/x/tasks/next', deadlineMs: 5_000 } as const
const never = new AbortController().signal

/** A transport and a proxy that leads to a server. The name of the server exists nowhere. */
const setUp = async (credentials = '') => {
  const server = await RawOrchestrator.start()
  const proxy = await HttpProxyServer.start(server.port)
  server.answers('poll', { body: { ok: 1 } })
  const url = 'http://orchestrator.invalid:8080/base'
  const own = new HttpProxy(proxy.url.replace('//', `//${credentials}`))
  const transport = new HttpTransport({ url, proxy: own }, { 'x-extra': 'yes' }, 2)
  onTestFinished(() => transport.close())
  return { server, proxy, transport }
}

describe('§1.1.10 a request over HTTP', () => {
  test('is forwarded with its whole URL, and the server sees its own name', async () => {
    const { server, proxy, transport } = await setUp()
    expect((await transport.send(REQUEST)).text).toBe('{"ok":1}')
    expect(proxy.seen).toEqual(['GET http://orchestrator.invalid:8080/base/x/tasks/next'])
    const [call] = server.calls('poll')
    expect(call?.headers).toMatchObject({ host: 'orchestrator.invalid:8080', 'x-extra': 'yes' })
    transport.authorize('other')
    await transport.send({ ...REQUEST, headers: { 'x-more': '1' } })
    expect(server.calls('poll')[1]?.headers).toMatchObject({ 'x-worker-token': 'other', 'x-more': '1' })
  })

  test('shows the user name and the password to the proxy', async () => {
    const { proxy, transport } = await setUp('me:s%40crt@')
    await transport.send(REQUEST)
    expect(proxy.credentials).toEqual([`Basic ${Buffer.from('me:s@crt').toString('base64')}`])
  })

  test('that a proxy refuses or cannot take names the proxy, not the password', async () => {
    const { proxy, transport } = await setUp('me:geheim@')
    proxy.refusal = 407
    expect(await transport.send(REQUEST)).toMatchObject({ status: 407 })
    const nowhere = new HttpProxy('http://me:geheim@127.0.0.1:9')
    const lost = new HttpTransport({ url: 'http://o.invalid', proxy: nowhere }, {}, 1)
    onTestFinished(() => lost.close())
    await expect(lost.send(REQUEST)).rejects.toThrow(
      /^GET http:\/\/o\.invalid\/x\/tasks\/next \(through the proxy http:\/\/127\.0\.0\.1:9\) failed: .*ECONNREFUSED/,
    )
  })
})

test('§1.1.10 a worker does its tasks through a proxy, and hears commands', async () => {
  const orchestrator = await ScriptedOrchestrator.start()
  const proxy = await HttpProxyServer.start(Number(new URL(orchestrator.url).port))
  vi.stubEnv('http_proxy', undefined)
  vi.stubEnv('HTTP_PROXY', proxy.url)
  onTestFinished(() => void vi.unstubAllEnvs())
  const { worker, said } = testWorker({
    url: 'http://orchestrator.invalid',
    variables: { WORKER_ENABLE_WEBSOCKETS: true },
  })
  worker.task('echo', (params) => ({ data: params }))
  const heard = new Promise((resolve) => worker.onCommand('refresh', resolve))
  await worker.start()
  expect(await said('Registered')).toMatchObject({ proxy: proxy.url })
  orchestrator.offer('t1', 'echo', { n: 1 })
  expect(await orchestrator.resultOf('t1')).toMatchObject({ data: { n: 1 } })
  const peer = await orchestrator.peers.next()
  peer.say({ command: 'refresh' })
  expect(await heard).toEqual({ command: 'refresh' })
  expect(proxy.seen).toContain('CONNECT orchestrator.invalid:80')
})

test('§1.1.10 a proxy that wants a password is named in the log', async () => {
  const { url } = await RawOrchestrator.start()
  const proxy = await HttpProxyServer.start(Number(new URL(url).port))
  proxy.refusal = 407
  vi.stubEnv('http_proxy', proxy.url)
  onTestFinished(() => void vi.unstubAllEnvs())
  const { worker, said } = testWorker({ url: 'http://orchestrator.invalid' })
  await worker.start()
  expect((await said('Registration failed')).err?.message).toContain(
    'check the ones in the URL of HTTP_PROXY',
  )
})

describe('§1.1.10 a tunnel', () => {
  const dial = (proxy: HttpProxyServer, signal = never) =>
    openSocket(
      {
        url: 'http://orchestrator.invalid',
        headers: {},
        pingIntervalMs: 60_000,
        proxy: new HttpProxy(proxy.url),
      },
      { onText: () => {}, onClosed: () => {} },
      signal,
    )

  test.each([
    [407, 'check the user name and the password'],
    [502, 'answered CONNECT orchestrator.invalid:80 with 502'],
  ])('that is refused with %i says so', async (status, why) => {
    const proxy = await HttpProxyServer.start(1)
    proxy.refusal = status
    await expect(dial(proxy)).rejects.toThrow(why)
    await expect(dial(proxy)).rejects.toThrow(`(through the proxy ${proxy.url})`)
  })

  test('ends at once if it is canceled', async () => {
    const proxy = await HttpProxyServer.start(1)
    proxy.isSilent = true
    const canceling = new AbortController()
    const failed = expect(dial(proxy, canceling.signal)).rejects.toThrow('canceled')
    await proxy.arrivals.next()
    canceling.abort()
    await failed
  })

  test('to a proxy that is not there fails', async () => {
    const server = createServer((socket: NetSocket) => socket.destroy())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    const proxy = new HttpProxy(`http://127.0.0.1:${port}`)
    const transport = new HttpTransport({ url: 'https://o.invalid', proxy }, {}, 1)
    onTestFinished(() => transport.close())
    await expect(transport.send(REQUEST)).rejects.toMatchObject({
      message: expect.stringContaining('ECONNREFUSED'),
      wasSent: false,
    })
  })
})

test.skipIf(!canCertify() && process.env['CI'] !== 'true')(
  '§1.1.10 over TLS the proxy sees a tunnel only, for requests and for the socket',
  async () => {
    const authority = new Authority(temporaryFolder())
    const { certPath, keyPath } = authority.issue('server')
    const server = createTlsServer(
      { cert: readFileSync(certPath), key: readFileSync(keyPath) },
      (call, answer) => answer.end(JSON.stringify({ path: call.url })),
    )
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (ws) => ws.send('hello'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    const { port } = server.address() as AddressInfo
    const front = await HttpProxyServer.start(port)
    // The certificate is for this name.
    const url = 'https://localhost:4443'
    const tls = new TlsFiles({ caPath: authority.caPath }, () => {})
    const proxy = new HttpProxy(front.url.replace('//', '//me:pw@'))
    const transport = new HttpTransport({ url, tls, proxy }, {}, 1)
    onTestFinished(() => transport.close())
    expect((await transport.send(REQUEST)).text).toBe('{"path":"/x/tasks/next"}')
    const text = await new Promise<string>((resolve, reject) => {
      const listener = { onText: resolve, onClosed: () => {} }
      openSocket({ url, headers: {}, pingIntervalMs: 60_000, tls, proxy }, listener, never).then((opened) => {
        if (opened instanceof Socket) onTestFinished(() => opened.close())
      }, reject)
    })
    expect(text).toBe('hello')
    expect(front.seen).toEqual(['CONNECT localhost:4443', 'CONNECT localhost:4443'])
    expect(front.credentials[0]).toMatch(/^Basic /)
    // Without the authority the tunnel does not help: TLS is checked to its end.
    const strict = new HttpTransport({ url, proxy }, {}, 1)
    onTestFinished(() => strict.close())
    await expect(strict.send(REQUEST)).rejects.toThrow(/certificate/)
  },
)
