import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { UnreachableError } from 'avtomatika-worker'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { HEARTBEATS, REGISTRATIONS, RESULTS } from '../../protocol/messages.js'
import { orchestratorAt } from '../../support/orchestrator-at.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { gate, holdTime } from '../../support/test-worker.js'

const REGISTRATION = REGISTRATIONS['as captured']
const HEARTBEAT = HEARTBEATS['as captured']
const RESULT = RESULTS.success
const NO_LISTENER = { onText: () => {}, onClosed: () => {} }
const never = () => new AbortController().signal

test.each(['configured', 'auto'])(
  'a closed orchestrator is sent nothing, not even after reconnect() (%s)',
  async (generation) => {
    const server = await RawOrchestrator.start()
    server.upgrades((_request, socket) => socket.destroy())
    const { orchestrator } = orchestratorAt(
      server.url,
      generation === 'auto' ? { ORCHESTRATOR_PROTOCOL: 'auto' } : { WORKER_USE_STS: true },
    )
    await orchestrator.close()
    orchestrator.reconnect()
    await expect(orchestrator.deliver(RESULT)).rejects.toThrow(UnreachableError)
    await expect(orchestrator.register(REGISTRATION)).rejects.toThrow(UnreachableError)
    await expect(orchestrator.openSocket(NO_LISTENER, never())).rejects.toThrow(
      `Socket not opened: the connection to ${server.url} is closed`,
    )
    await server.fence()
    expect(server.calls()).toEqual([])
  },
)

test('§2.1.6 a renewal that is under way when it is closed ends without another request or a warning', async () => {
  const server = await RawOrchestrator.start()
  server.answers('other', ({ path }) =>
    path.endsWith('/refresh')
      ? 'hold'
      : { body: { access_token: 'access-1', refresh_token: 'refresh-1', expires_in: 0.001 } },
  )
  const { orchestrator, lines } = orchestratorAt(server.url, { WORKER_USE_STS: true })
  holdTime()
  onTestFinished(() => void vi.useRealTimers())
  await orchestrator.heartbeat(HEARTBEAT).catch(() => {})
  await server.answered('other')
  // No token is renewed more often than once a second.
  await vi.advanceTimersByTimeAsync(1_000)
  await orchestrator.heartbeat(HEARTBEAT).catch(() => {})
  await server.next('other')
  await orchestrator.close()
  await server.fence()
  expect(server.calls('other')).toHaveLength(2)
  expect(lines.all).toEqual([])
})

test('a socket that opens while it is closed is closed, too', async () => {
  const server = await RawOrchestrator.start()
  const sockets = new WebSocketServer({ noServer: true })
  const asked = gate<() => void>()
  const peer = gate<WebSocket>()
  server.upgrades((request, socket: Duplex, head) =>
    asked.open(() => sockets.handleUpgrade(request, socket, head, peer.open)),
  )
  const { orchestrator } = orchestratorAt(server.url)
  const opened = expect(orchestrator.openSocket(NO_LISTENER, never())).rejects.toThrow('Socket not opened')
  const grant = await asked.opened
  await orchestrator.close()
  grant()
  const socket = await peer.opened
  onTestFinished(() => socket.terminate())
  await once(socket, 'close')
  await opened
})
