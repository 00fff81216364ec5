import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { CommandSocket } from '../../../src/connections/socket/command-socket.js'
import { openSocket, Socket, type SocketListener } from '../../../src/transport/websocket.js'
import { Inbox } from '../../support/inbox.js'
import { linesOf } from '../../support/log-lines.js'
import { ScriptedOrchestrator } from '../../support/scripted-orchestrator.js'
import { gate } from '../../support/test-worker.js'
import { eventsOf, workerOf } from '../../support/worker-of.js'

type Setup = Parameters<typeof workerOf>[1]

const withWorker = async (setup: Setup = {}) => {
  const orchestrator = await ScriptedOrchestrator.start()
  const { worker, lines } = workerOf(orchestrator.url, setup)
  const opened = eventsOf(worker, 'socketOpened')
  const closed = eventsOf(worker, 'socketClosed')
  worker.task('echo', (params) => ({ data: params }))
  return { orchestrator, worker, lines, opened, closed }
}

describe('§1.6.1 §1.6.4 the socket', () => {
  test('is opened at the path of the worker, with its token, once it is registered', async () => {
    const { orchestrator, worker, opened } = await withWorker({ variables: { WORKER_ID: 'a:b' } })
    await worker.start()
    const { request } = await orchestrator.peers.next()
    expect(request.url).toBe('/_worker/ws/a%3Ab')
    expect(request.headers['x-worker-token']).toBe('secret-of-w1')
    expect(orchestrator.registrations.all[0]).toMatchObject({ capabilities: { websockets: true } })
    expect(await opened.next()).toEqual({ orchestrator: orchestrator.url })
  })

  test('is not opened, nor promised, where it is not enabled', async () => {
    const { orchestrator, worker } = await withWorker({ variables: { WORKER_ENABLE_WEBSOCKETS: false } })
    await worker.start()
    orchestrator.offer('t1', 'echo')
    await orchestrator.resultOf('t1')
    await worker.stop({ pollGraceMs: 0 })
    expect(orchestrator.registrations.all[0]).toMatchObject({ capabilities: { websockets: false } })
    expect(orchestrator.upgrades.all).toHaveLength(0)
  })

  test('is closed with 1000 when the worker has ended, after the results', async () => {
    const { orchestrator, worker } = await withWorker()
    await worker.start()
    const peer = await orchestrator.peers.next()
    orchestrator.offer('t1', 'echo')
    await orchestrator.resultOf('t1')
    await worker.stop({ pollGraceMs: 0 })
    expect(await peer.closed.next()).toBe(1000)
  })

  test('does not delay the end of the worker while its handshake hangs, and does not open later', async () => {
    const { orchestrator, worker, opened } = await withWorker()
    const handshakes = new Inbox<Duplex>()
    orchestrator.upgrade = (_request, tcp) => handshakes.put(tcp)
    await worker.start()
    const tcp = await handshakes.next()
    const ended = once(tcp.resume(), 'end')
    await worker.stop({ pollGraceMs: 0 })
    expect(worker.state).toBe('stopped')
    await ended
    expect(opened.all).toEqual([])
    expect(orchestrator.upgrades.all).toHaveLength(1)
  })

  test('whose handshake ends while the worker stops is closed before that is over', async () => {
    const { orchestrator } = await withWorker()
    const { logger } = linesOf()
    const events: string[] = []
    const dial = async (listener: SocketListener, signal: AbortSignal) => {
      const socket = await openSocket(
        { url: orchestrator.url, headers: {}, pingIntervalMs: 60_000 },
        listener,
        signal,
      )
      if (!(socket instanceof Socket)) throw new Error('The upgrade was refused')
      stopped = commandSocket.stop()
      return socket
    }
    const commandSocket = new CommandSocket(
      {
        url: orchestrator.url,
        openSocket: dial,
        protocol: { readCommand: () => null, writeProgress: () => '' },
      },
      {
        commandReceived: () => {},
        socketOpened: () => events.push('opened'),
        socketClosed: () => events.push('closed'),
      },
      logger,
    )
    let stopped: Promise<void> | undefined
    commandSocket.open()
    const peer = await orchestrator.peers.next()
    expect(await peer.closed.next()).toBe(1000)
    await stopped
    expect(events).toEqual([])
  })

  test('does not delay the end of the worker when the server does not answer its close', async () => {
    const { orchestrator, worker, opened } = await withWorker()
    await worker.start()
    const { socket } = await orchestrator.peers.next()
    await opened.next()
    socket.pause()
    await worker.stop({ pollGraceMs: 0 })
    expect(worker.state).toBe('stopped')
  })
})

describe('§1.6.6 a socket that breaks', () => {
  test.each([
    ['that the orchestrator ends (1001)', 1001],
    ['that the orchestrator ends without a reason (1000)', 1000],
    ['that the orchestrator found fault with (1011)', 1011],
  ])('%s is opened again', async (_, code) => {
    const { orchestrator, worker, lines, closed } = await withWorker()
    await worker.start()
    const first = await orchestrator.peers.next()
    first.socket.close(code, 'because')
    expect(await closed.next()).toEqual({ orchestrator: orchestrator.url, code, reason: 'because' })
    await orchestrator.peers.next()
    const said = lines.all.filter(({ message }) => message.includes('Command socket not open'))
    expect(said.map(({ level }) => level)).toEqual(['warn'])
  })

  test('that is cut off is opened again', async () => {
    const { orchestrator, worker, closed } = await withWorker()
    await worker.start()
    const first = await orchestrator.peers.next()
    first.socket.terminate()
    expect(await closed.next()).toMatchObject({ code: 1006 })
    await orchestrator.peers.next()
  })

  test('§1.6.5 §1.6.8 without a word is found by its silence, and opened again', async () => {
    const { orchestrator, worker, closed } = await withWorker({ variables: { HEARTBEAT_INTERVAL: 0.05 } })
    await worker.start()
    const first = await orchestrator.peers.next()
    first.socket.pause()
    expect(await closed.next()).toEqual({
      orchestrator: orchestrator.url,
      code: 1006,
      reason: 'no answer to a ping',
    })
    await orchestrator.peers.next()
  })

  test('by a message that is too long is opened again, and the worker works on', async () => {
    const { orchestrator, worker, closed } = await withWorker()
    await worker.start()
    const first = await orchestrator.peers.next()
    first.say('x'.repeat(2 * 1024 * 1024))
    expect(await closed.next()).toMatchObject({ reason: expect.stringContaining('payload size') })
    await orchestrator.peers.next()
    orchestrator.offer('t1', 'echo', { x: 1 })
    expect(await orchestrator.resultOf('t1')).toEqual({ status: 'success', data: { x: 1 } })
  })
})

test('what is no command is logged, loudly once, and harms nothing', async () => {
  const { orchestrator, worker, lines } = await withWorker()
  await worker.start()
  const peer = await orchestrator.peers.next()
  const nonsense = ['not JSON', '[]', 'null', '{"command":"cancel_task"}', '{"command":7}', '{}', '\u0000']
  for (const text of nonsense) peer.say(text)
  peer.socket.send(Buffer.from([0, 255]))
  peer.say({ type: 'unheard_of' })
  await lines.first(({ message }) => message.includes('without a handler'))
  const said = lines.all.filter(({ message }) => message.includes('not a command'))
  expect(said.map(({ level }) => level)).toEqual(['warn', 'debug', 'debug', 'debug', 'debug'])
  expect(peer.closed.all).toHaveLength(0)
})

test('§1.6.7 1008 is said loudly: another worker uses the id', async () => {
  const { orchestrator, worker, lines, closed } = await withWorker()
  await worker.start()
  const peer = await orchestrator.peers.next()
  peer.socket.close(1008, 'New connection established')
  await closed.next()
  const line = await lines.first(({ message }) => message.includes('ANOTHER WORKER USES THIS WORKER_ID'))
  expect(line.level).toBe('warn')
})

test('§1.6.7 1008 while the worker ends is its successor, which keeps the socket', async () => {
  const { orchestrator, worker, lines, opened, closed } = await withWorker()
  const entered = gate()
  const running = gate()
  worker.task('hold', async () => {
    entered.open()
    await running.opened
  })
  await worker.start()
  const peer = await orchestrator.peers.next()
  await opened.next()
  orchestrator.offer('t1', 'hold')
  await entered.opened
  const stopped = worker.stop({ pollGraceMs: 0 })
  peer.socket.close(1008, 'New connection established')
  await closed.next()
  running.open()
  await stopped
  expect(lines.all.map(({ message }) => message)).toContain(
    'Command socket closed: another worker with this id has opened one',
  )
  expect(lines.all.filter(({ message }) => message.includes('ANOTHER WORKER'))).toHaveLength(0)
  expect(orchestrator.upgrades.all).toHaveLength(1)
})

describe('§1.6.7 a socket that is refused', () => {
  test.each([
    [401, 'error', 'Command socket refused: check WORKER_TOKEN or WORKER_INDIVIDUAL_TOKEN'],
    [403, 'error', 'Command socket refused: check WORKER_TOKEN or WORKER_INDIVIDUAL_TOKEN'],
    [404, 'warn', 'Command socket not open: tasks cannot be cancelled; retrying'],
    [429, 'warn', 'Command socket not open: tasks cannot be cancelled; retrying'],
    [200, 'warn', 'Command socket not open: tasks cannot be cancelled; retrying'],
  ])('with %i is said at level %s, and the worker works on', async (status, level, message) => {
    const { orchestrator, worker, lines } = await withWorker()
    orchestrator.refuse(status)
    await worker.start()
    const line = await lines.first((each) => each.message === message)
    expect(line.level).toBe(level)
    expect(String(line.fields['err'])).toContain(`${status}`)
    expect(JSON.stringify(lines.all)).not.toContain('secret-of-w1')
    orchestrator.offer('t1', 'echo', { x: 1 })
    expect(await orchestrator.resultOf('t1')).toEqual({ status: 'success', data: { x: 1 } })
    if (status >= 400) expect(String(line.fields['err'])).toContain('nay')
  })

  test('for a moment is opened again; the same trouble is said once', async () => {
    const { orchestrator, worker, lines, opened } = await withWorker()
    orchestrator.refuse(503)
    await worker.start()
    for (let n = 0; n < 3; n++) await orchestrator.upgrades.next()
    orchestrator.upgrade = undefined
    await opened.next()
    expect(lines.all.filter(({ message }) => message.includes('Command socket not open'))).toHaveLength(1)
  })

  test.each([
    [
      'an upgrade to something else',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: tea\r\nConnection: Upgrade\r\n\r\n',
    ],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a hang-up', ''],
  ])('by %s is opened again', async (_, bytes) => {
    const { orchestrator, worker, opened } = await withWorker()
    orchestrator.upgrade = (_request, socket) => socket.end(bytes)
    await worker.start()
    await orchestrator.upgrades.next()
    orchestrator.upgrade = undefined
    await opened.next()
  })
})
