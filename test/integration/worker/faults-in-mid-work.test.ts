import { describe, expect, test } from 'vitest'
import { type CallKind, RawOrchestrator } from '../../support/raw-orchestrator.js'
import { gate, testWorker } from '../../support/test-worker.js'

type Reply = Parameters<RawOrchestrator['answers']>[1]

const FAULTS: readonly [string, Reply][] = [
  ['away', 'reset'],
  ['silent', 'hold'],
  ['refusing for good', { status: 404, body: { error: 'Worker not found' } }],
  ['refusing the token', { status: 401, body: { error: 'No valid token found' } }],
  ['counting requests', { status: 429, headers: { 'retry-after': '1' } }],
  ['behind a page', { status: 502, body: '<html><h1>Bad Gateway</h1></html>' }],
  ['cut off', 'cut'],
]
const POLLS: readonly CallKind[] = ['poll', 'heartbeat', 'registration']

describe.each(FAULTS)('an orchestrator that is %s while a task runs', (_, reply) => {
  test('costs the task nothing: it runs on, and its result is taken', async () => {
    const orchestrator = await RawOrchestrator.start()
    const { worker } = testWorker({
      url: orchestrator.url,
      variables: { HEARTBEAT_INTERVAL: 0.05, WORKER_HEARTBEAT_DEBOUNCE_DELAY: 0.01 },
    })
    const entered = gate<AbortSignal>()
    const end = gate()
    worker.task('long', async (_params, { signal }) => {
      entered.open(signal)
      await end.opened
      return { data: { wasAborted: signal.aborted } }
    })
    await worker.start()
    await orchestrator.next('poll')
    for (const kind of POLLS) orchestrator.answers(kind, reply)
    const before = orchestrator.calls().length
    orchestrator.offer('long')
    const signal = await entered.opened
    // The poll that follows the task, and whatever else is asked, meets the fault.
    await orchestrator.next('poll')
    await orchestrator.next('heartbeat')
    expect(orchestrator.calls().length).toBeGreaterThan(before)
    expect(signal.aborted).toBe(false)
    end.open()
    expect((await orchestrator.next('result')).body.result).toMatchObject({
      status: 'success',
      data: { wasAborted: false },
    })
  })
})
