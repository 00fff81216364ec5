import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { Agent, request } from 'undici'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type Fault, PASS, type Plan, QUICK_FAULTS, randomFaults } from '../../support/chaos/fault.js'
import { FaultProxy } from '../../support/chaos/fault-proxy.js'
import { remote, workerOf } from '../../support/chaos/fleet.js'
import { GENERATIONS, SUCCEEDED } from '../../support/generations.js'

const BODY = JSON.stringify({ greeting: 'hello, this is the server behind the proxy' })

const overProxy = async () => {
  let heard = 0
  const server = createServer((_, response) => {
    heard++
    response.writeHead(200, { 'content-type': 'application/json' }).end(BODY)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = await FaultProxy.to(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const agent = new Agent()
  onTestFinished(async () => {
    await agent.destroy()
    await proxy.close()
    server.close()
    server.closeAllConnections()
  })
  const ask = async (fault: Fault = PASS, signal?: AbortSignal) => {
    proxy.plan = () => fault
    const options = { dispatcher: agent, method: 'POST', body: '{}', signal: signal ?? null } as const
    const { statusCode, body } = await request(`${proxy.url}/x`, options)
    return { status: statusCode, body: await text(body) }
  }
  return { ask, proxy, heard: () => heard }
}

describe('one exchange', () => {
  let over: Awaited<ReturnType<typeof overProxy>>
  beforeEach(async () => {
    over = await overProxy()
  })

  test('passes as it is', async () => {
    expect(await over.ask()).toEqual({ status: 200, body: BODY })
    expect(over.proxy.requests).toMatchObject([{ index: 0, method: 'POST', path: '/x', body: '{}' }])
  })

  test.each<[Fault, unknown]>([
    [
      { kind: 'delay', ms: 1 },
      { status: 200, body: BODY },
    ],
    [
      { kind: 'answer', status: 503, body: 'no' },
      { status: 503, body: 'no' },
    ],
    [{ kind: 'huge', bytes: 100_000 }, expect.objectContaining({ status: 200 })],
  ])('is answered: %j', async (fault, answer) => {
    expect(await over.ask(fault)).toEqual(answer)
  })

  test('is corrupted', async () => {
    const { body } = await over.ask({ kind: 'corrupt' })
    expect(body).toHaveLength(BODY.length)
    expect(() => JSON.parse(body)).toThrow()
  })

  test.each<[Fault, number]>([
    [{ kind: 'close', when: 'before' }, 0],
    [{ kind: 'reset', when: 'before' }, 0],
    [{ kind: 'close', when: 'after' }, 1],
    [{ kind: 'reset', when: 'after' }, 1],
    [{ kind: 'cut' }, 1],
    [{ kind: 'half-close' }, 1],
  ])('breaks: %j', async (fault, heard) => {
    await expect(over.ask(fault)).rejects.toThrow()
    expect(over.heard()).toBe(heard)
  })

  test('has no answer', async () => {
    const patience = new AbortController()
    const answer = over.ask({ kind: 'silence', when: 'before' }, patience.signal)
    setImmediate(() => patience.abort())
    await expect(answer).rejects.toThrow()
    expect(over.heard()).toBe(0)
  })
})

test('connections are refused, and taken again on the same port', async () => {
  const { ask, proxy } = await overProxy()
  await ask()
  const { port } = proxy
  await proxy.refuse()
  await expect(ask()).rejects.toThrow('ECONNREFUSED')
  await proxy.accept()
  expect(proxy.port).toBe(port)
  expect((await ask()).status).toBe(200)
})

test('a frozen line stays dead when new ones get through', async () => {
  const { ask, proxy, heard } = await overProxy()
  const old = connect(proxy.port, '127.0.0.1')
  onTestFinished(() => void old.destroy())
  await once(old, 'connect')
  await ask()
  proxy.freeze()
  proxy.thaw()
  old.write('POST /old HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n')
  expect((await ask()).status).toBe(200)
  expect(heard()).toBe(2)
})

test('the same seed does the same', () => {
  const run = (seed: number) => {
    const plan = randomFaults(seed, 0.5)
    const seen = { index: 0, method: 'GET', path: '/', token: undefined, body: '', life: 0 }
    return Array.from({ length: 50 }, () => plan(seen))
  }
  expect(run(7)).toEqual(run(7))
  expect(run(7)).not.toEqual(run(8))
})

describe.each(GENERATIONS)('with an orchestrator of the generation %s', (generation) => {
  test('a worker whose every second request fails one way or another loses no result and does no task twice', async () => {
    const only = await remote('only', { generation })
    const harm = randomFaults(20_261_124, 0.5, QUICK_FAULTS)
    // An answer to a poll that is lost takes its task with it: that is what timeouts of orchestrators are for.
    const plan: Plan = (seen) => (seen.path.endsWith('/tasks/next') ? PASS : harm(seen))
    only.proxy.plan = plan
    const runs = new Map<number, number>()
    const worker = workerOf([only], { maxConcurrentTasks: 5 })
    worker.task('count', ({ n }) => {
      runs.set(n, (runs.get(n) ?? 0) + 1)
      return {}
    })
    await worker.start()
    const jobs = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        only.orchestrator.createJob({ task: 'count', params: { n }, timeoutMs: 600_000 }),
      ),
    )
    for (const { id } of jobs)
      expect((await only.orchestrator.waitForJob(id)).state).toBe(SUCCEEDED[generation])
    expect(runs.size).toBe(100)
    expect(new Set(runs.values())).toEqual(new Set([1]))
  })
})
