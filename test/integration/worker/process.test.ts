import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { compiledProgram } from '../../support/compiled-program.js'
import { Child } from '../../support/interop/child-process.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { SECRET } from '../../support/test-worker.js'

const PROGRAM = new URL('process.child.ts', import.meta.url)

const setup = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
  const orchestrator = await RawOrchestrator.start()
  const child = new Child(process.execPath, [compiledProgram(PROGRAM), orchestrator.url, ...args], {
    env: { ...process.env, ...env },
  })
  onTestFinished(() => child.end('SIGKILL'))
  return { orchestrator, child }
}

describe.each(['SIGTERM', 'SIGINT'] as const)('run() and %s', (signal) => {
  test('a first one drains the worker, and the process ends by itself', async () => {
    const { orchestrator, child } = await setup(['run', 'ends'])
    await orchestrator.next('poll')
    orchestrator.offer('work')
    await orchestrator.next('result')
    await orchestrator.next('poll')
    void child.end(signal)
    await orchestrator.next('heartbeat', ({ body }) => body.status === 'busy')
    while (orchestrator.openPolls > 0) {
      orchestrator.endPoll()
      await orchestrator.fence()
    }
    expect(await child.ended()).toBe(0)
    expect(child.output).toContain('a second signal cuts it short')
    expect(child.output).toContain('resolved, 0 listeners, stopped')
    expect(child.output).not.toContain(SECRET)
  })
})

test('a second signal is the fast way: polls are called off, handlers aborted, their tasks reported', async () => {
  const { orchestrator, child } = await setup(['run', 'listens'])
  await orchestrator.next('poll')
  orchestrator.offer('work')
  await child.says(/entered/)
  void child.end('SIGTERM')
  await child.says(/a second signal cuts it short/)
  // The same signal within half a second would count once.
  void child.end('SIGINT')
  const { body } = await orchestrator.next('result')
  expect(body.result).toMatchObject({ status: 'failure', error: { code: 'TRANSIENT_ERROR' } })
  expect(await child.ended()).toBe(0)
  expect(child.output).toContain('Shutting down without waiting')
})

test('a handler that hears nothing does not keep the process', async () => {
  const { orchestrator, child } = await setup(['run', 'deaf'])
  await orchestrator.next('poll')
  orchestrator.offer('work')
  await child.says(/entered/)
  void child.end('SIGINT')
  await child.says(/a second signal cuts it short/)
  void child.end('SIGTERM')
  const { body } = await orchestrator.next('result')
  expect(body.result).toMatchObject({ status: 'failure', error: { code: 'TRANSIENT_ERROR' } })
  expect(await child.ended()).toBe(1)
  expect(child.output).toContain('Handler did not end in time')
})

test('an embedded worker that has stopped leaves nothing that keeps the process', async () => {
  const { orchestrator, child } = await setup(['embedded', 'ends'])
  await orchestrator.next('poll')
  orchestrator.offer('work')
  expect(await child.ended()).toBe(0)
  expect(child.output).toContain('stopped')
})

test('runWithHealthCheck() listens while it runs', async () => {
  const { orchestrator, child } = await setup(['health', 'ends'])
  await orchestrator.next('poll')
  const [, port] = await child.says(/"port":(\d+)/)
  const health = await fetch(`http://127.0.0.1:${port}/health`)
  expect([health.status, await health.text()]).toEqual([200, 'OK'])
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200)
  void child.end('SIGTERM')
  await child.says(/a second signal cuts it short/)
  const draining = await fetch(`http://127.0.0.1:${port}/readyz`)
  expect([draining.status, await draining.text()]).toEqual([503, 'not ready: the worker is draining'])
  orchestrator.endPoll()
  expect(await child.ended()).toBe(0)
  await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow()
})

test('a port that is taken is an error before anything starts', async () => {
  const other = createServer().listen(0)
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  const { orchestrator, child } = await setup(['health', 'ends'], { HEALTH_PORT: String(port) })
  expect(await child.ended()).toBe(0)
  expect(child.output).toContain(`WORKER_PORT = ${port}: expected a port that no other process listens on`)
  expect(orchestrator.calls()).toEqual([])
})
