import { createHash } from 'node:crypto'
import { getEventListeners, once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { UnreachableError } from 'avtomatika-worker'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { openSocket, Socket, type SocketEnd } from '../../../src/transport/websocket.js'
import { Inbox } from '../../support/inbox.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { holdTime } from '../../support/test-worker.js'

const PING_MS = 60_000

/** A server, and a client with what its socket reported. */
const setUp = async (pingIntervalMs = PING_MS) => {
  const server = await RawOrchestrator.start()
  const acceptor = new WebSocketServer({ noServer: true })
  const upgrades = new Inbox<{ request: IncomingMessage; tcp: Duplex; accept: () => Promise<WebSocket> }>()
  server.upgrades((request, tcp, head) => {
    const accept = () =>
      new Promise<WebSocket>((resolve) => acceptor.handleUpgrade(request, tcp, head, resolve))
    upgrades.put({ request, tcp, accept })
  })
  const ends = new Inbox<SocketEnd>()
  const texts = new Inbox<string>()
  const cancel = new AbortController()
  const open = () =>
    openSocket(
      { url: server.url, headers: {}, pingIntervalMs },
      { onText: (text) => texts.put(text), onClosed: (end) => ends.put(end) },
      cancel.signal,
    )
  /** An open socket and the server's end of it. */
  const connect = async () => {
    const opening = open()
    const { accept, tcp } = await upgrades.next()
    const peer = await accept()
    const socket = await opening
    if (!(socket instanceof Socket)) throw new Error('The upgrade was refused')
    return { socket, peer, tcp }
  }
  onTestFinished(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })
  return { server, upgrades, ends, texts, cancel, open, connect }
}

/** Whether a promise is settled by now. */
const watch = (promise: Promise<unknown>) => {
  const state = { isSettled: false }
  const settled = () => {
    state.isSettled = true
  }
  promise.then(settled, settled)
  return state
}

/** Resolves when the client has ended its connection. */
const ended = (tcp: Duplex): Promise<void> =>
  new Promise((resolve) => {
    tcp.resume()
    if (tcp.readableEnded || tcp.destroyed) resolve()
    tcp.once('end', resolve)
    tcp.once('close', resolve)
  })

describe('a handshake', () => {
  test('that hangs fails after 10 s, not before, and its connection ends', async () => {
    const { upgrades, open } = await setUp()
    holdTime()
    const opening = open()
    const failed = expect(opening).rejects.toThrow(/^WebSocket http.* not open after 10000 ms$/)
    const { tcp } = await upgrades.next()
    const state = watch(opening)
    await vi.advanceTimersByTimeAsync(9_999)
    expect(state.isSettled).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await failed
    await ended(tcp)
  })

  test('that is canceled fails at once, and its connection ends', async () => {
    const { upgrades, open, cancel } = await setUp()
    holdTime()
    const failed = expect(open()).rejects.toThrow(UnreachableError)
    const { tcp } = await upgrades.next()
    cancel.abort()
    await failed
    await ended(tcp)
    expect(vi.getTimerCount()).toBe(0)
    expect(getEventListeners(cancel.signal, 'abort')).toEqual([])
  })

  test('that is canceled before it begins sends nothing', async () => {
    const { server, upgrades, open, cancel } = await setUp()
    const failed = expect(open()).rejects.toThrow('canceled before the handshake')
    cancel.abort()
    await failed
    await server.fence()
    expect(upgrades.all).toEqual([])
  })

  test('that succeeds leaves neither its deadline nor its abort listener behind', async () => {
    const { server, ends, cancel, connect } = await setUp()
    holdTime()
    const { socket, peer } = await connect()
    expect(vi.getTimerCount()).toBe(1)
    expect(getEventListeners(cancel.signal, 'abort')).toEqual([])
    cancel.abort()
    await vi.advanceTimersByTimeAsync(PING_MS - 1)
    await server.fence()
    expect(ends.all).toEqual([])
    expect(peer.readyState).toBe(peer.OPEN)
    await socket.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('that is refused leaves neither its deadline nor its abort listener behind', async () => {
    const { upgrades, open, cancel } = await setUp()
    holdTime()
    const opening = open()
    const { tcp } = await upgrades.next()
    tcp.end('HTTP/1.1 503 No\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy')
    expect(await opening).toMatchObject({ status: 503, text: 'busy' })
    expect(vi.getTimerCount()).toBe(0)
    expect(getEventListeners(cancel.signal, 'abort')).toEqual([])
  })

  test('that is refused without end reads no more than the reason', async () => {
    const { upgrades, open } = await setUp()
    const opening = open()
    const { tcp } = await upgrades.next()
    tcp.write('HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n')
    tcp.write(`1000\r\n${'x'.repeat(4_096)}\r\n`)
    const response = await opening
    expect(response).toMatchObject({ status: 403, text: expect.stringMatching(/^x{2000,4096}$/) })
    await ended(tcp)
  })
})

describe('pings', () => {
  test('go at each interval; a pong is enough to keep the socket open', async () => {
    const { ends, connect } = await setUp(20)
    const { socket, peer } = await connect()
    for (let count = 0; count < 10; count++) await once(peer, 'ping')
    expect(ends.all).toEqual([])
    await socket.close()
  })

  test('without an answer end the socket a second after the next ping is due, not before', async () => {
    const { server, ends, connect } = await setUp(5_000)
    holdTime()
    const { peer } = await connect()
    peer.pause()
    await vi.advanceTimersByTimeAsync(10_999)
    await server.fence()
    expect(ends.all).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(await ends.next()).toEqual({ code: 1006, reason: 'no answer to a ping', silent: true })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('of a process that was blocked: a text in the last second keeps the socket open', async () => {
    const { ends, texts, connect } = await setUp(5_000)
    holdTime()
    const { socket, peer } = await connect()
    peer.pause()
    await vi.advanceTimersByTimeAsync(10_500)
    peer.send('still here')
    await texts.next()
    const pinged = once(peer, 'ping')
    peer.resume()
    await pinged
    const pingedAgain = once(peer, 'ping')
    await vi.advanceTimersByTimeAsync(500)
    await pingedAgain
    expect(ends.all).toEqual([])
    await socket.close()
  })

  test('end a socket that the server began to close; that server is not called silent', async () => {
    const { upgrades, open, ends } = await setUp(5_000)
    holdTime()
    const opening = open()
    const { request, tcp } = await upgrades.next()
    acceptByHand(request, tcp)
    await opening
    const replied = once(tcp, 'data')
    // A close frame with code 1001. The server then neither reads nor ends the connection.
    tcp.write(Buffer.from([0x88, 2, 0x03, 0xe9]))
    await replied
    await vi.advanceTimersByTimeAsync(11_000)
    expect(await ends.next()).toMatchObject({ code: 1001, silent: false })
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the end', () => {
  test('is orderly if the server answers', async () => {
    const { ends, connect } = await setUp()
    holdTime()
    const { socket, peer } = await connect()
    const closed = once(peer, 'close')
    await socket.close()
    expect((await closed)[0]).toBe(1000)
    expect(ends.all).toEqual([{ code: 1000, reason: '', silent: false }])
    expect(vi.getTimerCount()).toBe(0)
    await socket.close()
  })

  test('comes after a second if the server does not answer, not before', async () => {
    const { server, ends, connect } = await setUp()
    holdTime()
    const { socket, peer } = await connect()
    peer.pause()
    const closing = socket.close()
    const state = watch(closing)
    await vi.advanceTimersByTimeAsync(999)
    await server.fence()
    expect(state.isSettled).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await closing
    expect(ends.all).toEqual([{ code: 1006, reason: '', silent: false }])
    expect(vi.getTimerCount()).toBe(0)
  })
})

test('a server that does not read gets no more than a bounded number of bytes', async () => {
  const { connect } = await setUp()
  const { socket, peer } = await connect()
  const received: string[] = []
  peer.on('message', (bytes) => received.push(String(bytes)))
  peer.pause()
  const text = 'x'.repeat(64 * 1024)
  let sent = 0
  while (sent < 2_000 && socket.send(text)) sent++
  // The kernel takes some megabytes before anything waits here.
  expect(sent).toBeLessThan(2_000)
  expect(sent).toBeGreaterThan(16)
  peer.resume()
  while (received.length < sent) await once(peer, 'message')
  expect(socket.send(text)).toBe(true)
  await once(peer, 'message')
  await socket.close()
  expect(socket.send(text)).toBe(false)
  expect(received).toHaveLength(sent + 1)
})

/** Accepts an upgrade without a WebSocket library, so that a test can send what no library sends. */
const acceptByHand = (request: IncomingMessage, tcp: Duplex): void => {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const accept = createHash('sha1').update(key).digest('base64')
  tcp.write(
    `HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
}
