import type { Handler } from 'avtomatika-worker'
import { describe, expect, test } from 'vitest'
import { Inbox } from '../../support/inbox.js'
import { ScriptedOrchestrator } from '../../support/scripted-orchestrator.js'
import { workerOf } from '../../support/worker-of.js'

const withTask = async (name: string, handler: Handler, variables = {}) => {
  const orchestrator = await ScriptedOrchestrator.start()
  // Several workers of one id live at the same time here.
  const { worker, lines } = workerOf(orchestrator.url, { variables: { WORKER_JOURNAL: false, ...variables } })
  worker.task(name, handler)
  worker.task('echo', (params) => ({ data: params }))
  await worker.start()
  return { orchestrator, worker, lines, peer: await orchestrator.peers.next() }
}

/** The worker takes tasks as before. */
const stillWorks = async (orchestrator: ScriptedOrchestrator) => {
  orchestrator.offer('next', 'echo', { x: 1 })
  expect(await orchestrator.resultOf('next')).toEqual({ status: 'success', data: { x: 1 } })
}

describe('a handler that throws', () => {
  const thrower = {
    get message(): string {
      throw new Error('even this')
    },
  }
  test.each([
    ['a string', 'just so', 'just so'],
    ['null', null, 'thrown: null'],
    ['undefined', undefined, 'thrown: undefined'],
    ['a number', 42, 'thrown: 42'],
    ['a symbol', Symbol('s'), 'thrown: Symbol(s)'],
    ['a frozen error', Object.freeze(new Error('frozen')), 'frozen'],
    ['an error without a message', new RangeError(), 'RangeError'],
    [
      'an error whose message throws',
      Object.setPrototypeOf(thrower, Error.prototype),
      'a value was thrown that cannot be described',
    ],
    ['a revoked proxy', revoked(), 'a value was thrown that cannot be described'],
  ])('%s fails its task only', async (_, thrown, message) => {
    for (const handler of [
      () => {
        throw thrown
      },
      () => Promise.reject(thrown),
    ]) {
      const { orchestrator } = await withTask('bad', handler)
      orchestrator.offer('t1', 'bad')
      expect(await orchestrator.resultOf('t1')).toEqual({
        status: 'failure',
        error: { code: 'TRANSIENT_ERROR', message },
      })
      await stillWorks(orchestrator)
    }
  })
})

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

describe('a handler that settles twice', () => {
  const value = { data: { first: true } }
  test.each<[string, Handler]>([
    [
      'with two values',
      () =>
        new Promise((end) => {
          end(value)
          end({ data: { first: false } })
        }),
    ],
    [
      'with a value, then an error',
      () =>
        new Promise((end, fail) => {
          end(value)
          fail(new Error('too late'))
        }),
    ],
    [
      'by a promise of its own making',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: this is what it is about
        then: (end: (value: object) => void, fail: (why: unknown) => void) => {
          end(value)
          end({})
          fail(new Error('too late'))
        },
      }),
    ],
  ])('%s has one result, the first', async (_, handler) => {
    const { orchestrator } = await withTask('twice', handler)
    orchestrator.offer('t1', 'twice')
    expect(await orchestrator.resultOf('t1')).toEqual({ status: 'success', data: { first: true } })
    await stillWorks(orchestrator)
    expect(orchestrator.results.all.filter(({ task_id }) => task_id === 't1')).toHaveLength(1)
  })
})

test('a handler that never settles holds its own slot only, and is handed back at the end', async () => {
  const { orchestrator, worker } = await withTask('never', () => new Promise(() => {}), {
    WORKER_SHUTDOWN_TIMEOUT: 0.1,
  })
  orchestrator.offer('t1', 'never')
  await stillWorks(orchestrator)
  await worker.stop({ pollGraceMs: 0 })
  expect(await orchestrator.resultOf('t1')).toMatchObject({
    status: 'failure',
    error: { code: 'TRANSIENT_ERROR' },
  })
})

test('a handler that blocks holds up everything while it does, and nothing is lost', async () => {
  const block = () => {
    const until = performance.now() + 600
    while (performance.now() < until);
    return { data: { blocked: true } }
  }
  const { orchestrator, peer } = await withTask('block', block, { HEARTBEAT_INTERVAL: 0.1 })
  orchestrator.offer('t1', 'block')
  orchestrator.offer('t2', 'echo', { x: 2 })
  expect(await orchestrator.resultOf('t1')).toEqual({ status: 'success', data: { blocked: true } })
  expect(await orchestrator.resultOf('t2')).toEqual({ status: 'success', data: { x: 2 } })
  await stillWorks(orchestrator)
  // The pong waited unread while the handler blocked: that is no silence.
  expect(peer.closed.all).toHaveLength(0)
})

test('a handler that leaves listeners, timers and progress behind harms no other task', async () => {
  const late = new Inbox<() => void>()
  const { orchestrator } = await withTask('leak', (_, ctx) => {
    for (let n = 0; n < 5; n++) ctx.signal.addEventListener('abort', () => {})
    setTimeout(() => {}, 60_000).unref()
    late.put(() => ctx.progress(0.9, 'from the grave'))
    return {}
  })
  for (let n = 0; n < 20; n++) orchestrator.offer(`t${n}`, 'leak')
  for (let n = 0; n < 20; n++)
    expect(await orchestrator.resultOf(`t${n}`)).toEqual({ status: 'success', data: {} })
  for (const report of late.all) report()
  await stillWorks(orchestrator)
})
