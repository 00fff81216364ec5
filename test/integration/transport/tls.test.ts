import { once } from 'node:events'
import { copyFileSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { Worker, WorkerConfig } from '../../../src/index.js'
import type { TlsSettings } from '../../../src/settings.js'
import { HttpTransport } from '../../../src/transport/http.js'
import { TlsFiles } from '../../../src/transport/tls-files.js'
import { openSocket, Socket } from '../../../src/transport/websocket.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { Authority, canCertify, type Pair } from '../../support/tls/certificates.js'

const POLL = { method: 'GET', path: '/tasks/next', deadlineMs: 5_000 } as const

/** Answers with the name in the client's certificate, and ends the connection. */
const startServer = async (authority: Authority) => {
  const { certPath, keyPath } = authority.issue('server')
  const server = createServer({
    cert: readFileSync(certPath),
    key: readFileSync(keyPath),
    ca: readFileSync(authority.caPath),
    requestCert: true,
    rejectUnauthorized: false,
  })
  const nameOf = (socket: TLSSocket) =>
    socket.authorized ? String(socket.getPeerCertificate().subject.CN) : 'nobody'
  server.on('request', (request, response) => {
    response.setHeader('connection', 'close')
    response.end(JSON.stringify(nameOf(request.socket as TLSSocket)))
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (ws, request) => ws.send(nameOf(request.socket as TLSSocket)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const setup = async () => {
  const authority = new Authority(temporaryFolder())
  return { authority, url: await startServer(authority), caPath: authority.caPath }
}

const transportTo = (url: string, paths: TlsSettings | undefined) => {
  const troubles: string[] = []
  const tls = paths && new TlsFiles(paths, (error) => troubles.push(error.message))
  const transport = new HttpTransport({ url, tls }, {}, 1)
  onTestFinished(() => transport.close())
  const whoAmI = async () => JSON.parse((await transport.send(POLL)).text) as string
  return { whoAmI, troubles, tls }
}

const replace = (target: Pair, by: Pair) => {
  copyFileSync(by.certPath, target.certPath)
  copyFileSync(by.keyPath, target.keyPath)
}

describe.skipIf(!canCertify() && process.env['CI'] !== 'true')('over TLS', () => {
  test('a private certificate authority is trusted if it is configured, and only then', async () => {
    const { url, caPath } = await setup()
    expect(await transportTo(url, { caPath }).whoAmI()).toBe('nobody')
    await expect(transportTo(url, undefined).whoAmI()).rejects.toThrow(/certificate/)
  })

  test('the client certificate identifies the worker, for requests and for the socket', async () => {
    const { authority, url, caPath } = await setup()
    const { whoAmI, tls } = transportTo(url, { caPath, ...authority.issue('resizer-1') })
    expect(await whoAmI()).toBe('resizer-1')
    const never = new AbortController().signal
    const heard = await new Promise<string>((resolve, reject) => {
      const listener = { onText: resolve, onClosed: () => {} }
      const options = { url, headers: {}, pingIntervalMs: 60_000, tls }
      openSocket(options, listener, never).then(async (socket) => {
        if (socket instanceof Socket) onTestFinished(() => socket.close())
      }, reject)
    })
    expect(heard).toBe('resizer-1')
  })

  test('replaced files are used from the next connection on', async () => {
    const { authority, url, caPath } = await setup()
    const own = authority.issue('before')
    const { whoAmI, troubles } = transportTo(url, { caPath, ...own })
    expect(await whoAmI()).toBe('before')
    replace(own, authority.issue('after'))
    expect(await whoAmI()).toBe('after')
    expect(troubles).toEqual([])
  })

  test('half a renewal changes nothing and is reported once; the other half completes it', async () => {
    const { authority, url, caPath } = await setup()
    const own = authority.issue('before')
    const next = authority.issue('after')
    const { whoAmI, troubles } = transportTo(url, { caPath, ...own })
    copyFileSync(next.certPath, own.certPath)
    expect([await whoAmI(), await whoAmI()]).toEqual(['before', 'before'])
    expect(troubles).toHaveLength(1)
    copyFileSync(next.keyPath, own.keyPath)
    expect(await whoAmI()).toBe('after')
    unlinkSync(own.certPath)
    expect(await whoAmI()).toBe('after')
    expect(troubles).toHaveLength(2)
  })

  test('a file that cannot even be examined changes nothing and is reported once', async () => {
    const { authority, url, caPath } = await setup()
    const own = authority.issue('before')
    const { whoAmI, troubles } = transportTo(url, { caPath, ...own })
    unlinkSync(own.certPath)
    symlinkSync(own.certPath, own.certPath)
    expect([await whoAmI(), await whoAmI()]).toEqual(['before', 'before'])
    expect(troubles).toEqual([expect.stringContaining('ELOOP')])
  })

  test('files that cannot be used raise a ConfigError before the worker starts', () => {
    const folder = temporaryFolder()
    const missing = join(folder, 'nowhere.pem')
    const worker = (paths: object) => () =>
      new Worker({ config: new WorkerConfig({ LOG_LEVEL: 'silent', ...paths }) })
    expect(worker({ TLS_CA_PATH: missing })).toThrow(/TLS_CA_PATH.*nowhere\.pem/s)
    const broken = join(folder, 'broken.pem')
    writeFileSync(broken, 'no certificate')
    expect(worker({ TLS_CERT_PATH: broken, TLS_KEY_PATH: broken })).toThrow(/TLS_CERT_PATH/)
    expect(worker({ TLS_CERT_PATH: broken })).toThrow(/TLS_KEY_PATH.*because TLS_CERT_PATH is set/s)
  })
})
