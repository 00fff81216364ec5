import { UnreachableError } from 'avtomatika-worker'
import { expect, onTestFinished, test, vi } from 'vitest'
import { CancelGroup } from '../../../src/transport/cancel-group.js'
import { HttpTransport } from '../../../src/transport/http.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { holdTime } from '../../support/test-worker.js'

const POLL = { method: 'GET', path: '/tasks/next', deadlineMs: 5_000 } as const

const setup = async (more: { maxAnswerBytes?: number; connections?: number } = {}) => {
  const server = await RawOrchestrator.start()
  const transport = new HttpTransport({
    url: server.url,
    headers: { 'x-worker-token': 'secret' },
    connections: 2,
    ...more,
  })
  onTestFinished(async () => {
    vi.useRealTimers()
    vi.restoreAllMocks()
    await transport.close()
  })
  return { server, transport }
}

test('an answer is collected whole, in whatever pieces it comes', async () => {
  const { server, transport } = await setup()
  const body = { text: 'Grüße 🎨'.repeat(100_000) }
  server.answers('poll', { status: 200, body, headers: { 'x-extra': 'yes' } })
  const answer = await transport.send(POLL)
  expect(answer.status).toBe(200)
  expect(answer.headers).toMatchObject({ 'x-extra': 'yes' })
  expect(JSON.parse(answer.text)).toEqual(body)
})

test('§1.1.2 the body goes as it is, with the headers', async () => {
  const { server, transport } = await setup()
  await transport.send({ method: 'PATCH', path: '/workers/w', body: '{"text":"Grüße"}', deadlineMs: 5_000 })
  const { body, headers } = await server.next('heartbeat')
  expect(body).toEqual({ text: 'Grüße' })
  expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-worker-token': 'secret' })
})

test('§1.1.7 an answer longer than allowed is none', async () => {
  const { server, transport } = await setup({ maxAnswerBytes: 1_000 })
  server.answers('poll', { body: 'x'.repeat(1_001) })
  await expect(transport.send(POLL)).rejects.toThrow(
    new UnreachableError(`GET ${server.url}/tasks/next was answered with more than 1000 bytes`),
  )
  server.answers('poll', { body: 'x'.repeat(1_000) })
  expect((await transport.send(POLL)).text).toHaveLength(1_000)
})

test('§1.1.7 an answer that does not come in time is none, and the connection ends', async () => {
  const { server, transport } = await setup()
  server.answers('poll', 'hold')
  holdTime()
  const failed = expect(transport.send(POLL)).rejects.toMatchObject({
    message: expect.stringContaining('had no whole answer after 5000 ms'),
    wasSent: true,
  })
  const { closed } = await server.next('poll')
  await vi.advanceTimersByTimeAsync(5_000)
  await failed
  await closed
})

test('§1.1.7 half an answer is none', async () => {
  const { server, transport } = await setup()
  server.answers('poll', 'cut')
  const error: unknown = await transport.send(POLL).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(UnreachableError)
  expect(error).toMatchObject({ code: 'UNREACHABLE', cause: expect.any(Error) })
})

test('a refused connection says so', async () => {
  const { server, transport } = await setup()
  const { url } = server
  await server.close()
  await expect(transport.send(POLL)).rejects.toThrow(`GET ${url}/tasks/next failed: `)
  await expect(transport.send(POLL)).rejects.toThrow('ECONNREFUSED')
  await expect(transport.send(POLL)).rejects.toMatchObject({ wasSent: false })
})

test('a request that is called off ends at once; one that waits for a connection never goes out', async () => {
  const { server, transport } = await setup({ connections: 1 })
  server.answers('poll', 'hold')
  const cancelGroup = new CancelGroup()
  const open = transport.send({ ...POLL, cancelGroup })
  const { closed } = await server.next('poll')
  const waiting = transport.send({ ...POLL, cancelGroup })
  const ends = [open, waiting].map((sent) => expect(sent).rejects.toThrow('was called off'))
  cancelGroup.cancelAll()
  await Promise.all(ends)
  await closed
  await expect(transport.send({ ...POLL, cancelGroup })).rejects.toThrow('was called off')
  await server.fence()
  expect(server.calls('poll')).toHaveLength(1)
})

test('what is under way fails when the transport is closed', async () => {
  const { server, transport } = await setup()
  server.answers('poll', 'hold')
  const failed = expect(transport.send(POLL)).rejects.toThrow(UnreachableError)
  await server.next('poll')
  await transport.close()
  await failed
})

test('a closed transport makes no new connections, not even for a request that times out meanwhile', async () => {
  holdTime()
  const { server, transport } = await setup()
  server.answers('poll', 'hold')
  const failed = expect(transport.send(POLL)).rejects.toThrow(UnreachableError)
  await server.next('poll')
  const closed = transport.close()
  vi.advanceTimersByTime(POLL.deadlineMs)
  await Promise.all([closed, failed])
  transport.reconnect()
  await expect(transport.send(POLL)).rejects.toThrow(UnreachableError)
  await server.fence()
  expect(server.calls('poll')).toHaveLength(1)
})
