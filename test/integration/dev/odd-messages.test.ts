import { createHmac } from 'node:crypto'
import type { DevOrchestrator } from 'avtomatika-worker/dev'
import { describe, expect, it, vi } from 'vitest'
import { EventReceiver } from '../../../src/dev/rxon/event-receiver.js'
import { JobStore } from '../../../src/dev/state/job-store.js'
import { rxonWireWorker } from '../../support/interop/rxon-wire-worker.js'
import { call, cleanUp, plainSocket, rawClient, rawWorker, roundTrip, start, WORKER_TOKEN } from './raw.js'

const nowS = () => Math.floor(Date.now() / 1_000)

/** Members that may not have just any type, and the name in the response. */
const ODD: readonly [name: string, more: () => object][] = [
  ['timestamp', () => ({ timestamp: { toString: 1 } })],
  ['timestamp', () => ({ timestamp: [nowS()] })],
  ['timestamp', () => ({ timestamp: true })],
  ['timestamp', () => ({ timestamp: 'now' })],
  ['timestamp', () => ({ timestamp: ` 0x${nowS().toString(16)}` })],
  ['nonce', () => ({ event_id: { toString: 1 } })],
  ['nonce', () => ({ event_id: ['a'] })],
  ['nonce', () => ({ event_id: '', nonce: true })],
  ['nonce', () => ({ event_id: '', message_id: { valueOf: null } })],
  ['nonce', () => ({ event_id: '', security: { signature: { a: 1 } } })],
  ['signer_id', () => ({ security: { signature: 'x', signer_id: { toString: 1 } } })],
  ['signer_id', () => ({ security: { signature: 'x', signer_id: ['w1'] } })],
  ['signer_id', () => ({ security: { signature: 'x', signer_id: 1 } })],
  ['signature', () => ({ security: { signature: { toString: 1 }, signer_id: 'w1' } })],
  ['signature', () => ({ security: { signature: 1 } })],
]

const oddEvent = (more: object) => ({
  ...{ event_id: `${Math.random()}`, worker_id: 'w1', origin_worker_id: 'w1', event_type: 'e', payload: {} },
  ...{ timestamp: nowS(), security: { signature: 'x' } },
  ...more,
})

const post = (orchestrator: DevOrchestrator, path: string, body: unknown) =>
  call(`${orchestrator.url}/_worker${path}`, 'POST', { body, headers: { 'x-worker-token': WORKER_TOKEN } })

describe('a member of an odd type', () => {
  it.each(ODD)('is answered with 400: %s %#', async (name, more) => {
    const orchestrator = await start()
    const answers = []
    for (const path of ['/events', '/workers/register', '/tasks/result'])
      answers.push(await post(orchestrator, path, oddEvent(more())))
    for (const { status, body } of answers)
      expect([status, body]).toEqual([400, { error: expect.stringMatching(`^invalid ${name}: `) }])
  })

  it.each(ODD)('closes a socket: %s %#', async (_name, more) => {
    const orchestrator = await start()
    const { socket, closed } = await rawWorker(orchestrator).socket()
    socket.send(JSON.stringify(oddEvent(more())))
    expect(await closed).toEqual({ code: 1008, reason: 'Invalid message' })
    await roundTrip(orchestrator)
  })

  it('is not repeated at full length', async () => {
    const orchestrator = await start()
    const { body } = await post(orchestrator, '/events', oddEvent({ timestamp: 'x'.repeat(500_000) }))
    expect(body.error.length).toBeLessThan(200)
  })
})

describe('a timestamp', () => {
  it.each([() => String(nowS()), () => ` +${nowS()} `, () => nowS() + 0.9])(
    'may be %s',
    async (timestamp) => {
      const answer = await post(await start(), '/events', oddEvent({ timestamp: timestamp() }))
      expect(answer.body).toEqual({ error: 'Invalid cryptographic signature' })
    },
  )
})

describe('a worker id', () => {
  it('of more than 256 characters is refused wherever it stands', async () => {
    const orchestrator = await start()
    const id = 'w'.repeat(257)
    const error = 'Invalid worker_id: it has more than 256 characters'
    const classic = rawWorker(orchestrator, id)
    const answers = [
      await classic.register(),
      await classic.heartbeat({}),
      await classic.poll(),
      await classic.result({ job_id: 'j', task_id: 't' }, {}),
      await post(orchestrator, '/auth/token', { worker_id: id }),
      await post(orchestrator, '/events', oddEvent({ worker_id: id })),
    ]
    expect(answers.map(({ status, body }) => [status, body])).toEqual(answers.map(() => [400, { error }]))
    await expect(classic.socket()).rejects.toThrow('HTTP 400')
    expect((await rawWorker(orchestrator, 'w'.repeat(256)).register()).status).toBe(200)
  })
})

describe('names that every object inherits', () => {
  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
    'are names like any other: %s',
    async (name) => {
      const orchestrator = await start({ generation: 'rxon', maxRetries: 0 })
      const worker = rxonWireWorker(orchestrator.url, WORKER_TOKEN, 'r1')
      await worker.register(['echo'])
      const failed = await orchestrator.createJob({ task: 'echo' })
      await worker.report(await worker.take(), { status: 'failure', error: { code: name, message: 'm' } })
      expect(orchestrator.job(failed.id)?.status).toBe('quarantined')
      expect(orchestrator.workers()[0]?.record['reputation']).toBe(1)
      const other = await orchestrator.createJob({ task: 'echo' })
      const answer = await worker.report(await worker.take(), { status: name, data: { [name]: 1 } })
      expect(answer.body).toMatchObject({ transition: 'unhandled_status_failure' })
      expect(orchestrator.job(other.id)?.status).toBe('failed')
      expect(({} as Record<string, unknown>)['status']).toBeUndefined()
    },
  )
})

describe('a signed message', () => {
  const signed = (json: string) => createHmac('sha256', WORKER_TOKEN).update(json).digest('hex')

  it('with a number of a hundred thousand digits is refused without reading it', async () => {
    const orchestrator = await start()
    const more = `"security":{"signature":"${signed('')}"},"timestamp":${nowS()}`
    const text = `{"event_id":"e1","worker_id":"w1","payload":{"n":${'9'.repeat(100_000)}},${more}}`
    const answer = await call(`${orchestrator.url}/_worker/events`, 'POST', {
      body: text,
      headers: { 'x-worker-token': WORKER_TOKEN },
    })
    expect([answer.status, answer.body]).toEqual([500, { error: 'Number has too many digits' }])
  })

  it('may have keys with surrogates in any order', async () => {
    const orchestrator = await start()
    // In UTF-8, the order of these keys is not that of their code units.
    const payload = '"payload":{"\uffff":1,"\u{1f600}":2}'
    const members = `"event_id":"e1","event_type":"e","origin_worker_id":"w1",${payload},"timestamp":${nowS()},"worker_id":"w1"`
    const text = `{"security":{"signature":"${signed(`{${members}}`)}"},${members}}`
    const answer = await call(`${orchestrator.url}/_worker/events`, 'POST', {
      body: text,
      headers: { 'x-worker-token': WORKER_TOKEN },
    })
    expect(answer.body).toEqual({ status: 'event_accepted' })
  })
})

describe('a bug that a message meets', () => {
  const throwBug = () => {
    throw new Error('a bug')
  }
  const warnings = () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    cleanUp(() => warn.mockRestore())
    return warn
  }

  it('costs a request, and is reported', async () => {
    const orchestrator = await start()
    const [warn, list] = [warnings(), vi.spyOn(JobStore.prototype, 'list').mockImplementationOnce(throwBug)]
    cleanUp(() => list.mockRestore())
    const statuses = []
    for (let n = 0; n < 2; n++) statuses.push((await rawClient(orchestrator).send('GET', '/jobs')).status)
    expect(statuses).toEqual([500, 200])
    expect(warn).toHaveBeenCalledWith(
      expect.stringMatching(/^A request to the dev orchestrator failed: Error: a bug\n/),
    )
  })

  it('costs a socket, and is reported', async () => {
    const orchestrator = await start()
    const { socket, closed } = await rawWorker(orchestrator).socket()
    const warn = warnings()
    const receive = vi.spyOn(EventReceiver.prototype, 'receive').mockImplementationOnce(throwBug)
    cleanUp(() => receive.mockRestore())
    socket.send('{"event_type":"e"}')
    expect(await closed).toEqual({ code: 1011, reason: 'Internal error' })
    expect(warn).toHaveBeenCalledWith(
      expect.stringMatching(/^A socket message to the dev orchestrator failed: Error: a bug\n/),
    )
  })
})

describe('pings', () => {
  it('are answered', async () => {
    const { socket } = await rawWorker(await start()).socket()
    const answered = new Promise((resolve) => socket.once('pong', (bytes) => resolve(bytes.toString())))
    socket.ping('hello')
    expect(await answered).toBe('hello')
  })

  it('of a worker that reads no answers end its socket', async () => {
    const orchestrator = await start()
    const socket = await plainSocket(orchestrator)
    const lines = [
      'GET /_worker/ws/w1 HTTP/1.1',
      `X-Worker-Token: ${WORKER_TOKEN}`,
      'Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade',
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ]
    socket.on('error', () => {})
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    await new Promise((resolve) => socket.once('readable', resolve))
    const ended = new Promise((resolve) => socket.once('close', resolve))
    // A masked ping of 125 bytes.
    const ping = Buffer.concat([Buffer.from([0x89, 0x80 | 125, 0, 0, 0, 0]), Buffer.alloc(125)])
    const many = Buffer.concat(Array.from({ length: 10_000 }, () => ping))
    const more = (error?: Error | null) => void (error || socket.write(many, more))
    more()
    await ended
    await roundTrip(orchestrator)
  })
})
