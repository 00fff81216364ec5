import { AuthError, RateLimitError, UnreachableError } from 'avtomatika-worker'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CommandSocket } from '../../../../src/connections/socket/command-socket.js'
import type { Socket, SocketEnd, SocketListener } from '../../../../src/transport/websocket.js'
import { sleep } from '../../../../src/utils/time.js'
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

/** One handshake and the socket that comes of it, in the hand of the test. */
class Handshake {
  readonly opened: Promise<Socket>
  readonly sent: string[] = []
  isOpen = false
  /** How the server answers a close. */
  closeCode = 1000
  /** How long the server takes for that. */
  closeMs = 0
  readonly #listener: SocketListener
  readonly #over = new AbortController()
  #resolve: (socket: Socket) => void = () => {}
  #reject: (error: Error) => void = () => {}

  constructor(listener: SocketListener, canceled: AbortSignal) {
    this.#listener = listener
    this.opened = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const { signal } = this.#over
    canceled.addEventListener('abort', () => this.fail(new UnreachableError('canceled')), { signal })
  }

  accept(): void {
    if (this.#over.signal.aborted) return
    this.#over.abort()
    this.isOpen = true
    const send = (text: string) => this.isOpen && this.sent.push(text) > 0
    const close = async () => {
      if (this.closeMs > 0) await sleep(this.closeMs)
      this.end(this.closeCode)
    }
    this.#resolve({ send, close } as unknown as Socket)
  }

  fail(error: Error): void {
    this.#over.abort()
    this.#reject(error)
  }

  end(code: number, more: Partial<SocketEnd> = {}): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#listener.onClosed({ code, reason: '', silent: false, ...more })
  }

  say(text: string): void {
    this.#listener.onText(text)
  }
}

/** A command socket and the orchestrator's side of it. */
const setUp = () => {
  const handshakes: Handshake[] = []
  const events: string[] = []
  /** What happens to the next handshakes. */
  const server: { answer: 'accept' | 'hang' | Error } = { answer: 'accept' }
  const { logger, lines } = linesOf()
  const onEvent: { action: (event: string) => void } = { action: () => {} }
  const record = (event: string) => {
    events.push(event)
    onEvent.action(event)
  }
  const socket = new CommandSocket(
    {
      url: 'http://o',
      openSocket: async (listener, signal) => {
        const handshake = new Handshake(listener, signal)
        handshakes.push(handshake)
        if (server.answer instanceof Error) handshake.fail(server.answer)
        else if (server.answer === 'accept') handshake.accept()
        return handshake.opened
      },
      protocol: {
        readCommand: (text) => {
          if (text === 'nonsense') throw new TypeError('no JSON')
          return { kind: 'cancel', taskId: text, jobId: 'j' }
        },
        writeProgress: ({ taskId, progress }) => {
          if (progress < 0) throw new RangeError('no fraction')
          return `${taskId} ${progress}`
        },
      },
    },
    {
      commandReceived: (command) => record(`command ${'taskId' in command && command.taskId}`),
      socketOpened: () => record('opened'),
      socketClosed: ({ code }) => record(`closed ${code}`),
    },
    logger,
  )
  const last = (): Handshake => {
    const handshake = handshakes.at(-1)
    if (!handshake) throw new Error('No handshake yet')
    return handshake
  }
  const open = async () => {
    socket.open()
    await settled()
  }
  return { socket, handshakes, last, events, onEvent, server, lines, open }
}

const settled = () => vi.advanceTimersByTimeAsync(0)

describe('a socket that was taken over by another worker', () => {
  test('is opened again after a minute, and nothing shortens that', async () => {
    const { socket, handshakes, last, open } = setUp()
    await open()
    last().end(1008)
    socket.open()
    await vi.advanceTimersByTimeAsync(59_999)
    expect(handshakes).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(handshakes).toHaveLength(2)
    await socket.stop()
  })

  test.each(['before', 'after'])(
    'is left to a successor if the worker began to drain %s that',
    async (when) => {
      const { socket, handshakes, last, open } = setUp()
      await open()
      if (when === 'before') socket.drain()
      last().end(1008)
      if (when === 'after') socket.drain()
      await vi.advanceTimersByTimeAsync(600_000)
      expect(handshakes).toHaveLength(1)
      await socket.stop()
    },
  )
})

describe('a socket that broke', () => {
  test('is opened at once when the orchestrator answers again', async () => {
    const { socket, handshakes, last, open } = setUp()
    await open()
    last().end(1006)
    await open()
    expect(handshakes).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(handshakes).toHaveLength(2)
    await socket.stop()
  })

  test('soon after it was opened, again and again, is opened ever later', async () => {
    const { socket, handshakes, last } = setUp()
    socket.open()
    for (const [n, pauseMs] of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000].entries()) {
      await settled()
      last().end(1006)
      await vi.advanceTimersByTimeAsync(pauseMs - 1)
      expect(handshakes).toHaveLength(n + 1)
      await vi.advanceTimersByTimeAsync(1)
    }
    await vi.advanceTimersByTimeAsync(30_000)
    last().end(1006)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(handshakes).toHaveLength(9)
    await socket.stop()
  })

  test('before its handshake was over was never open', async () => {
    const { socket, handshakes, last, events, server } = setUp()
    server.answer = 'hang'
    socket.open()
    last().accept()
    last().end(1006)
    await settled()
    expect(events).toEqual([])
    server.answer = 'accept'
    await vi.advanceTimersByTimeAsync(1_000)
    expect([handshakes.length, events]).toEqual([2, ['opened']])
    await socket.stop()
  })

  test('is logged again if the same trouble comes back', async () => {
    const { socket, last, lines, open } = setUp()
    for (let round = 0; round < 2; round++) {
      await open()
      last().end(1011)
    }
    expect(lines.all.filter(({ level }) => level === 'warn')).toHaveLength(2)
    await socket.stop()
  })

  test('is logged once while the trouble stays the same', async () => {
    const { socket, server, lines } = setUp()
    server.answer = new UnreachableError('refused')
    socket.open()
    await vi.advanceTimersByTimeAsync(120_000)
    server.answer = new UnreachableError('no route')
    await vi.advanceTimersByTimeAsync(120_000)
    expect(lines.all.map(({ fields }) => String(fields['err']))).toEqual([
      'UnreachableError: refused',
      'UnreachableError: no route',
    ])
    await socket.stop()
  })
})

describe('the socket after a silent one', () => {
  test('is closed in order and opened once more 15 s later, and only once', async () => {
    const { socket, handshakes, last, events, open } = setUp()
    await open()
    last().end(1006, { silent: true })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(handshakes).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(14_999)
    expect(handshakes).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(handshakes).toHaveLength(3)
    await vi.advanceTimersByTimeAsync(120_000)
    expect(handshakes).toHaveLength(3)
    expect(events).toEqual(['opened', 'closed 1006', 'opened', 'closed 1000', 'opened'])
    await socket.stop()
  })

  test('may break before that while the next handshake hangs', async () => {
    const { socket, handshakes, last, server, open } = setUp()
    await open()
    last().end(1006, { silent: true })
    await vi.advanceTimersByTimeAsync(1_000)
    server.answer = 'hang'
    last().end(1006)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(handshakes).toHaveLength(3)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(handshakes).toHaveLength(3)
    last().accept()
    await settled()
    // No socket has been closed in order since the silent one: the third one is.
    await vi.advanceTimersByTimeAsync(14_999)
    expect(handshakes).toHaveLength(3)
    await vi.advanceTimersByTimeAsync(1)
    expect(handshakes).toHaveLength(4)
    await socket.stop()
  })

  test('is not opened once more if the worker stops before', async () => {
    const { socket, handshakes, last, open } = setUp()
    await open()
    last().end(1006, { silent: true })
    await vi.advanceTimersByTimeAsync(1_000)
    await socket.stop()
    expect(vi.getTimerCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(handshakes).toHaveLength(2)
  })

  test('is left to another worker that takes it over meanwhile', async () => {
    const { socket, handshakes, last, open } = setUp()
    await open()
    last().end(1006, { silent: true })
    await vi.advanceTimersByTimeAsync(1_000)
    last().closeCode = 1008
    await vi.advanceTimersByTimeAsync(15_000 + 59_999)
    expect(handshakes).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(handshakes).toHaveLength(3)
    await socket.stop()
  })
})

test('open() changes nothing while the socket is open or cools down, also after a deadline has passed', async () => {
  const { socket, handshakes, last, events, server } = setUp()
  server.answer = new UnreachableError('refused')
  socket.open()
  await settled()
  server.answer = 'accept'
  await vi.advanceTimersByTimeAsync(1_000)
  socket.open()
  await settled()
  expect([handshakes.length, events]).toEqual([2, ['opened']])
  last().end(1008)
  socket.open()
  await settled()
  expect(handshakes).toHaveLength(2)
  await socket.stop()
})

describe('stop()', () => {
  test('closes a socket whose handshake ends at the same moment', async () => {
    const { socket, last, events, server } = setUp()
    server.answer = 'hang'
    socket.open()
    last().accept()
    await socket.stop()
    expect(last().isOpen).toBe(false)
    expect(events).toEqual([])
  })

  test('ends a handshake that hangs', async () => {
    const { socket, handshakes, server, open } = setUp()
    server.answer = 'hang'
    await open()
    await socket.stop()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(handshakes).toHaveLength(1)
  })

  test.each([
    ['backs off', new UnreachableError('refused')],
    ['cools down', new AuthError(401, 'no')],
  ])('ends a socket that %s', async (_, error) => {
    const { socket, handshakes, server, open } = setUp()
    server.answer = error
    await open()
    await socket.stop()
    expect(vi.getTimerCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(120_000)
    expect(handshakes).toHaveLength(1)
  })

  test('is final, and may be called twice', async () => {
    const { socket, handshakes, events, open } = setUp()
    await open()
    await Promise.all([socket.stop(), socket.stop()])
    await open()
    socket.report({ taskId: 't', jobId: 'j', progress: 0.5, message: '', tracingContext: {} })
    expect(handshakes).toHaveLength(1)
    expect(events).toEqual(['opened', 'closed 1000'])
  })

  test('waits no longer than a second for what no abort ends', async () => {
    const { logger } = linesOf()
    const socket = new CommandSocket(
      {
        url: 'http://o',
        openSocket: () => new Promise(() => {}),
        protocol: { readCommand: () => null, writeProgress: () => '' },
      },
      { commandReceived: () => {}, socketOpened: () => {}, socketClosed: () => {} },
      logger,
    )
    socket.open()
    let isStopped = false
    const stopped = socket.stop().then(() => {
      isStopped = true
    })
    await vi.advanceTimersByTimeAsync(999)
    expect(isStopped).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await stopped
  })

  test.each(['opened', 'closed 1006'])('may be called by the listener: %s', async (when) => {
    const { socket, handshakes, last, onEvent, open } = setUp()
    onEvent.action = (event) => {
      if (event === when) void socket.stop()
    }
    await open()
    last().end(1006)
    await vi.advanceTimersByTimeAsync(120_000)
    expect(handshakes).toHaveLength(1)
    expect(last().isOpen).toBe(false)
  })
})

test('a rate limit is waited for, whatever it says: a minute at first', async () => {
  const { socket, handshakes, server, open } = setUp()
  server.answer = new RateLimitError('no', 0)
  await open()
  await vi.advanceTimersByTimeAsync(59_999)
  expect(handshakes).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(handshakes).toHaveLength(2)
  await socket.stop()
})

test('commands are received, and a message that is none harms nothing', async () => {
  const { socket, last, events, lines, open } = setUp()
  await open()
  for (const text of ['nonsense', 'nonsense', 't1']) last().say(text)
  expect(events).toEqual(['opened', 'command t1'])
  const ignored = lines.all.filter(({ message }) => message.includes('not a command'))
  expect(ignored.map(({ level }) => level)).toEqual(['warn', 'debug'])
  await socket.stop()
})

test('progress that cannot be written is logged, also if it waited for the socket', async () => {
  const { socket, last, lines, open } = setUp()
  const report = (taskId: string, progress: number) =>
    socket.report({ taskId, jobId: 'j', progress, message: '', tracingContext: {} })
  report('t1', -1)
  report('t2', 0.5)
  await open()
  report('t3', -1)
  socket.settle('t3')
  expect(last().sent).toEqual(['t2 0.5'])
  const dropped = lines.all.filter(({ message }) => message.includes('Progress not sent'))
  expect(dropped.map(({ fields }) => fields['taskId'])).toEqual(['t1', 't3'])
  await socket.stop()
})

const step = fc.oneof(
  fc.constantFrom('open', 'drain', 'accept', 'fail', 'break', 'go silent', 'take over'),
  fc.constantFrom('open', 'accept', 'close slowly', 'stop in a callback'),
  fc.record({ passMs: fc.constantFrom(0, 1, 999, 1_000, 14_999, 15_000, 30_000, 60_000) }),
)

test('whatever happens: one socket at most, none after stop(), and events in pairs', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { socket, handshakes, events, onEvent, server } = setUp()
      const acts: Record<string, () => void> = {
        open: () => socket.open(),
        drain: () => socket.drain(),
        accept: () => handshakes.at(-1)?.accept(),
        fail: () => handshakes.at(-1)?.fail(new UnreachableError('refused')),
        break: () => handshakes.at(-1)?.end(1006),
        'go silent': () => handshakes.at(-1)?.end(1006, { silent: true }),
        'take over': () => handshakes.at(-1)?.end(1008),
        'close slowly': () => {
          for (const handshake of handshakes) handshake.closeMs = 1_000
        },
        'stop in a callback': () => {
          onEvent.action = () => void socket.stop()
        },
      }
      server.answer = 'hang'
      for (const each of steps) {
        // Some facts come together, before anything can react to the first of them.
        if (typeof each === 'string') acts[each]?.()
        else await vi.advanceTimersByTimeAsync(each.passMs)
        expect(handshakes.filter(({ isOpen }) => isOpen).length).toBeLessThanOrEqual(1)
      }
      const stopped = socket.stop()
      await vi.advanceTimersByTimeAsync(2_000)
      await stopped
      const count = handshakes.length
      socket.open()
      await vi.advanceTimersByTimeAsync(600_000)
      expect(handshakes).toHaveLength(count)
      expect(handshakes.filter(({ isOpen }) => isOpen)).toEqual([])
      expect(vi.getTimerCount()).toBe(0)
      const isPaired = events.every((event, n) => event.startsWith(n % 2 === 0 ? 'opened' : 'closed'))
      expect([isPaired, events.length % 2]).toEqual([true, 0])
    }),
    { numRuns: 500 },
  )
})

test('whatever happened: once the orchestrator accepts, the socket opens within a minute', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const { socket, handshakes, last, server } = setUp()
      const ends: Record<string, () => void> = {
        accept: () => last().accept(),
        fail: () => last().fail(new UnreachableError('refused')),
        break: () => last().end(1006),
        'go silent': () => last().end(1006, { silent: true }),
        'take over': () => last().end(1008),
        open: () => socket.open(),
      }
      server.answer = 'hang'
      socket.open()
      for (const each of steps) {
        if (typeof each === 'string') ends[each]?.()
        else await vi.advanceTimersByTimeAsync(each.passMs)
      }
      server.answer = 'accept'
      for (const handshake of handshakes) handshake.fail(new UnreachableError('refused'))
      await vi.advanceTimersByTimeAsync(60_000)
      expect(handshakes.filter(({ isOpen }) => isOpen)).toHaveLength(1)
      await socket.stop()
    }),
    { numRuns: 300 },
  )
})
