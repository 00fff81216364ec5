import { describe, expect, test, vi } from 'vitest'
import { type CallKind, RawOrchestrator } from '../../support/raw-orchestrator.js'
import { gate, holdTime, testWorker } from '../../support/test-worker.js'

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
const ASKED: readonly CallKind[] = ['poll', 'heartbeat', 'registration']
/** What it may be held, and the way there and back. */
const POLL_DEADLINE_MS = 40_000

describe.each(FAULTS)('an orchestrator that is %s while a task runs', (_, reply) => {
  test('costs the task nothing: it runs on, and its result is taken', async () => {
    const orchestrator = await RawOrchestrator.start()
    const { worker, said } = testWorker({ url: orchestrator.url })
    const entered = gate<AbortSignal>()
    const end = gate()
    worker.task('long', async (_params, { signal }) => {
      entered.open(signal)
      await end.opened
      return { data: { wasAborted: signal.aborted } }
    })
    await worker.start()
    await orchestrator.next('poll')
    for (const kind of ASKED) orchestrator.answers(kind, reply)
    if (reply === 'hold') holdTime()
    orchestrator.offer('long')
    const signal = await entered.opened
    // The poll that follows the task meets the fault, and so does the heartbeat that tells of it.
    await orchestrator.next('poll')
    if (reply === 'hold') await vi.advanceTimersByTimeAsync(POLL_DEADLINE_MS)
    await said('Poll failed')
    expect(signal.aborted).toBe(false)
    end.open()
    expect((await orchestrator.next('result')).body.result).toMatchObject({
      status: 'success',
      data: { wasAborted: false },
    })
  })
})
