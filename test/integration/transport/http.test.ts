import { UnreachableError } from 'avtomatika-worker'
import Pool from 'undici/lib/dispatcher/pool.js'
import { expect, onTestFinished, test, vi } from 'vitest'
import { CancelGroup } from '../../../src/transport/cancel-group.js'
import { HttpTransport } from '../../../src/transport/http.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { holdTime } from '../../support/test-worker.js'

const POLL = { method: 'GET', path: '/tasks/next', deadlineMs: 5_000 } as const

const setup = async (connections = 2) => {
  const server = await RawOrchestrator.start()
  const transport = new HttpTransport({ url: server.url }, { 'x-worker-token': 'secret' }, connections)
  onTestFinished(async () => {
    vi.useRealTimers()
    vi.restoreAllMocks()
    await transport.close()
  })
  return { server, transport }
}

test('a response is collected whole, however it is split', async () => {
  const { server, transport } = await setup()
  const body = { text: 'Grüße 🎨'.repeat(100_000) }
  server.answers('poll', { status: 200, body, headers: { 'x-extra': 'yes' } })
  const answer = await transport.send({ ...POLL, maxBytes: 10_000_000 })
  expect(answer.status).toBe(200)
  expect(answer.headers).toMatchObject({ 'x-extra': 'yes' })
  expect(JSON.parse(answer.text)).toEqual(body)
})

test('§1.1.2 the body is sent unchanged, with the headers', async () => {
  const { server, transport } = await setup()
  await transport.send({ method: 'PATCH', path: '/workers/w', body: '{"text":"Grüße"}', deadlineMs: 5_000 })
  const { body, headers } = await server.next('heartbeat')
  expect(body).toEqual({ text: 'Grüße' })
  expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-worker-token': 'secret' })
})

test('§1.1.7 a response that is too long fails the request, and the connection ends', async () => {
  const { server, transport } = await setup()
  server.answers('poll', { body: 'x'.repeat(1_001) })
  await expect(transport.send({ ...POLL, maxBytes: 1_000 })).rejects.toThrow(
    new UnreachableError(`GET ${server.url}/tasks/next failed: the response exceeds 1000 bytes`),
  )
  server.answers('poll', { body: 'x'.repeat(1_000) })
  expect((await transport.send({ ...POLL, maxBytes: 1_000 })).text).toHaveLength(1_000)
})

test('§1.1.7 a request without a limit of its own takes 64 KiB', async () => {
  const { server, transport } = await setup()
  server.answers('poll', { body: 'x'.repeat(65_537) })
  await expect(transport.send(POLL)).rejects.toThrow('exceeds 65536 bytes')
})

test('§1.1.7 of an error page that is too long, the start is read', async () => {
  const { server, transport } = await setup()
  server.answers('poll', { status: 502, body: 'x'.repeat(100_000) })
  const answer = await transport.send({ ...POLL, maxBytes: 1_000_000 })
  expect(answer).toMatchObject({ status: 502, text: 'x'.repeat(65_536), cutAt: 65_536 })
})

test('§1.1.7 of a task that is too long, the start is read', async () => {
  const { server, transport } = await setup()
  server.answers('poll', { body: 'x'.repeat(1_001) })
  const answer = await transport.send({ ...POLL, maxBytes: 1_000, takesCut: true })
  expect(answer).toMatchObject({ status: 200, text: 'x'.repeat(1_000), cutAt: 1_000 })
})

test('§1.1.7 a response that is late fails the request, and the connection ends', async () => {
  const { server, transport } = await setup()
  server.answers('poll', 'hold')
  holdTime()
  const failed = expect(transport.send(POLL)).rejects.toMatchObject({
    message: expect.stringContaining('timed out: no complete response after 5000 ms'),
    wasSent: true,
  })
  const { closed } = await server.next('poll')
  await vi.advanceTimersByTimeAsync(5_000)
  await failed
  await closed
})

test('§1.1.7 an incomplete response fails the request', async () => {
  const { server, transport } = await setup()
  server.answers('poll', 'cut')
  const error: unknown = await transport.send(POLL).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(UnreachableError)
  expect(error).toMatchObject({ code: 'UNREACHABLE', cause: expect.any(Error) })
})

test('a refused connection is named in the error', async () => {
  const { server, transport } = await setup()
  const { url } = server
  await server.close()
  await expect(transport.send(POLL)).rejects.toThrow(`GET ${url}/tasks/next failed: `)
  await expect(transport.send(POLL)).rejects.toThrow('ECONNREFUSED')
  await expect(transport.send(POLL)).rejects.toMatchObject({ wasSent: false })
})

test('a canceled request ends at once; if it waits for a connection it is never sent', async () => {
  const { server, transport } = await setup(1)
  server.answers('poll', 'hold')
  const cancelGroup = new CancelGroup()
  const open = transport.send({ ...POLL, cancelGroup })
  const { closed } = await server.next('poll')
  const waiting = transport.send({ ...POLL, cancelGroup })
  const ends = [open, waiting].map((sent) => expect(sent).rejects.toThrow('was canceled'))
  cancelGroup.cancelAll()
  await Promise.all(ends)
  await closed
  await expect(transport.send({ ...POLL, cancelGroup })).rejects.toThrow('was canceled')
  await server.fence()
  expect(server.calls('poll')).toHaveLength(1)
})

test('requests in flight fail when the transport closes', async () => {
  const { server, transport } = await setup()
  server.answers('poll', 'hold')
  const failed = expect(transport.send(POLL)).rejects.toThrow(UnreachableError)
  await server.next('poll')
  await transport.close()
  await failed
})

test('a deadline that passes while the transport closes opens no new connections', async () => {
  holdTime()
  const { server, transport } = await setup()
  server.answers('poll', 'hold')
  const failed = expect(transport.send(POLL)).rejects.toThrow('timed out')
  await server.next('poll')
  const closing = transport.close()
  // The pool is destroyed, but the request does not know it yet.
  vi.advanceTimersByTime(5_000)
  await Promise.all([failed, closing])
  await expect(transport.send(POLL)).rejects.toThrow('destroyed')
  transport.reconnect()
  await expect(transport.send(POLL)).rejects.toThrow('destroyed')
})

test('a pool with waiting requests that is replaced, then cut, is forgotten', async () => {
  holdTime()
  const { server, transport } = await setup(1)
  server.answers('poll', 'hold')
  const send = (deadlineMs: number) => transport.send({ ...POLL, deadlineMs }).catch((error: Error) => error)
  const requests = [send(60_000), send(60_000), send(5_000)]
  await server.next('poll')
  await vi.advanceTimersByTimeAsync(5_000)
  const destroy = vi.spyOn(Pool.prototype, 'destroy')
  transport.reconnect()
  for (const end of await Promise.all(requests)) expect(end).toBeInstanceOf(UnreachableError)
  const first = new Set(destroy.mock.contexts)
  expect(first.size).toBe(2)
  destroy.mockClear()
  transport.reconnect()
  expect(destroy.mock.contexts.filter((pool) => first.has(pool))).toEqual([])
})

test('a response in time leaves the connection in use', async () => {
  holdTime()
  const { server, transport } = await setup(1)
  server.answers('poll', { status: 204 })
  const replaced = vi.spyOn(Pool.prototype, 'close')
  await transport.send(POLL)
  await vi.advanceTimersByTimeAsync(POLL.deadlineMs)
  await transport.send(POLL)
  expect(replaced).not.toHaveBeenCalled()
})
