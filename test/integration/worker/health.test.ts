import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { ConfigError } from 'avtomatika-worker'
import { expect, onTestFinished, test } from 'vitest'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { testWorker } from '../../support/test-worker.js'

const setup = async (variables: Record<string, number> = {}) => {
  const orchestrator = await RawOrchestrator.start()
  const made = testWorker({ url: orchestrator.url, variables })
  return { orchestrator, ...made }
}

const ask = async (port: number | undefined, path: string) => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`)
  return [answer.status, await answer.text()]
}

test('/health, /livez and /readyz are answered while the worker runs', async () => {
  const { orchestrator, worker, said } = await setup()
  orchestrator.answers('registration', { status: 503 })
  expect(worker.healthPort).toBeUndefined()
  const running = worker.runWithHealthCheck()
  await said('Health server listens')
  await said('Registration failed')
  const port = worker.healthPort
  expect(await ask(port, '/health')).toEqual([200, 'OK'])
  expect(await ask(port, '/livez?verbose')).toEqual([200, 'OK'])
  expect(await ask(port, '/readyz')).toEqual([
    503,
    expect.stringMatching(/^not ready: not registered with .*503/),
  ])
  expect(await ask(port, '/metricses')).toEqual([404, expect.any(String)])
  orchestrator.behaves('registration')
  await orchestrator.next('poll')
  expect(await ask(port, '/readyz')).toEqual([200, 'OK'])
  orchestrator.answers('poll', { status: 500 })
  orchestrator.endPoll({ status: 500 })
  await said('Poll failed')
  expect(await ask(port, '/readyz')).toEqual([
    503,
    expect.stringMatching(/polls of http.* fail: status 500$/),
  ])
  await worker.stop({ pollGraceMs: 0 })
  await running
  expect(worker.healthPort).toBeUndefined()
  await expect(ask(port, '/health')).rejects.toThrow()
})

test.each(['//', '//%zz', '/\\\\', 'http://', '*'])('a request for %j does no harm', async (target) => {
  const { worker, said } = await setup()
  const running = worker.runWithHealthCheck()
  await said('Health server listens')
  const port = worker.healthPort ?? 0
  const socket = connect(port, '127.0.0.1')
  socket.end(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  expect(await text(socket)).toMatch(/^HTTP\/1.1 4\d\d /)
  expect(await ask(port, '/health')).toEqual([200, 'OK'])
  await worker.stop({ pollGraceMs: 0 })
  await running
})

test('a taken port is a ConfigError before anything starts', async () => {
  const other = createServer().listen(0)
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  const { orchestrator, worker } = await setup({ WORKER_PORT: port })
  const error = await worker.runWithHealthCheck().catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ConfigError)
  expect((error as ConfigError).problems).toEqual([
    {
      name: 'WORKER_PORT',
      value: String(port),
      expected: 'a port that no other process listens on, or 0 for a free port',
    },
  ])
  expect(worker.state).toBe('created')
  await orchestrator.fence()
  expect(orchestrator.calls()).toEqual([])
})
