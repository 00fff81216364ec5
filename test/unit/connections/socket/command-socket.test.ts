import { UnreachableError } from 'avtomatika-worker'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CommandSocket } from '../../../../src/connections/socket/command-socket.js'
import type { Socket, SocketEnd, SocketListener } from '../../../../src/transport/websocket.js'
import { linesOf } from '../../../support/log-lines.js'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1)
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** A command socket, and the orchestrator's hand in it. */
const setUp = () => {
  const listeners: SocketListener[] = []
  const outcome: { error: Error | undefined } = { error: undefined }
  const { logger, lines } = linesOf()
  const openSocket = async (listener: SocketListener): Promise<Socket> => {
    listeners.push(listener)
    if (outcome.error) throw outcome.error
    const close = async () => listener.onClosed({ code: 1000, reason: '', silent: false })
    return { send: () => true, close } as unknown as Socket
  }
  const socket = new CommandSocket({
    orchestrator: { url: 'http://o', openSocket, readCommand: () => null, writeProgress: () => '' },
    listener: { commandReceived: () => {}, socketOpened: () => {}, socketClosed: () => {} },
    log: logger,
  })
  const end = (code: number, more: Partial<SocketEnd> = {}) =>
    listeners.at(-1)?.onClosed({ code, reason: '', silent: false, ...more })
  return { socket, listeners, outcome, lines, end, settled: () => vi.advanceTimersByTimeAsync(0) }
}

describe('a socket that was taken over by another worker', () => {
  test('is opened again after half a minute at least, and nothing shortens that', async () => {
    const { socket, listeners, end, settled } = setUp()
    socket.open()
    await settled()
    end(1008)
    socket.open()
    await vi.advanceTimersByTimeAsync(59_999)
    expect(listeners).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(listeners).toHaveLength(2)
    await socket.stop()
  })

  test('is left to a successor while the worker ends', async () => {
    const { socket, listeners, end, settled } = setUp()
    socket.open()
    await settled()
    socket.drain()
    end(1008)
    await vi.advanceTimersByTimeAsync(600_000)
    expect(listeners).toHaveLength(1)
    await socket.stop()
  })
})

describe('a socket that broke', () => {
  test('is opened at once when the orchestrator is heard of', async () => {
    const { socket, listeners, end, settled } = setUp()
    socket.open()
    await settled()
    end(1006)
    socket.open()
    await settled()
    expect(listeners).toHaveLength(2)
    await socket.stop()
  })

  test('soon after it was opened, again and again, is opened ever later', async () => {
    const { socket, listeners, end, settled } = setUp()
    socket.open()
    for (const [n, pauseMs] of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000].entries()) {
      await settled()
      end(1006)
      await vi.advanceTimersByTimeAsync(pauseMs - 1)
      expect(listeners).toHaveLength(n + 1)
      await vi.advanceTimersByTimeAsync(1)
    }
    await vi.advanceTimersByTimeAsync(30_000)
    end(1006)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(listeners).toHaveLength(9)
    await socket.stop()
  })

  test('is told once while the trouble stays the same', async () => {
    const { socket, outcome, lines } = setUp()
    outcome.error = new UnreachableError('refused')
    socket.open()
    await vi.advanceTimersByTimeAsync(120_000)
    outcome.error = new UnreachableError('no route')
    await vi.advanceTimersByTimeAsync(120_000)
    expect(lines.all.map(({ fields }) => String(fields['err']))).toEqual([
      'UnreachableError: refused',
      'UnreachableError: no route',
    ])
    await socket.stop()
  })
})

describe('the socket after a silent one', () => {
  test('is opened anew in order, once: the orchestrator may have mixed up the two', async () => {
    const { socket, listeners, end, settled } = setUp()
    socket.open()
    await settled()
    end(1006, { silent: true })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(listeners).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(15_000)
    expect(listeners).toHaveLength(3)
    await vi.advanceTimersByTimeAsync(120_000)
    expect(listeners).toHaveLength(3)
    await socket.stop()
  })

  test('is not, when the worker stops before', async () => {
    const { socket, listeners, end, settled } = setUp()
    socket.open()
    await settled()
    end(1006, { silent: true })
    await vi.advanceTimersByTimeAsync(1_000)
    await socket.stop()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(listeners).toHaveLength(2)
  })
})
