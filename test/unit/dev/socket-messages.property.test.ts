import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ClassicAuth } from '../../../src/dev/classic-auth.js'
import { DevClock } from '../../../src/dev/clock.js'
import { EventListeners } from '../../../src/dev/events.js'
import { resolveOptions } from '../../../src/dev/options.js'
import { PollQueues } from '../../../src/dev/queue/poll-queues.js'
import { JobRunner } from '../../../src/dev/run/job-runner.js'
import { ProgressReceiver } from '../../../src/dev/run/progress-receiver.js'
import { EventReceiver } from '../../../src/dev/rxon/event-receiver.js'
import { MessageVerifier } from '../../../src/dev/rxon/message-verifier.js'
import { RxonAuth } from '../../../src/dev/rxon/rxon-auth.js'
import { signatureOf } from '../../../src/dev/rxon/signing.js'
import { Tokens } from '../../../src/dev/rxon/tokens.js'
import { SocketProtocol } from '../../../src/dev/socket/socket-protocol.js'
import { JobStore } from '../../../src/dev/state/job-store.js'
import { WorkerStore } from '../../../src/dev/state/worker-store.js'

const build = () => {
  const settings = resolveOptions({})
  const listeners = new EventListeners()
  const [jobs, workers, queues] = [
    new JobStore(listeners),
    new WorkerStore(60_000, listeners),
    new PollQueues<object>(),
  ]
  const state = { clock: new DevClock(), jobs, workers, queues }
  const runner = new JobRunner(settings, state, { send: () => false })
  const progress = new ProgressReceiver(jobs, listeners)
  const tokens = new Tokens()
  const auth = { classicAuth: new ClassicAuth(settings), rxonAuth: new RxonAuth(settings, tokens) }
  const verifier = new MessageVerifier(auth.rxonAuth)
  const receiver = new EventReceiver(verifier, jobs, progress, listeners)
  const protocol = new SocketProtocol({
    settings,
    ...state,
    runner,
    progress,
    ...auth,
    tokens,
    verifier,
    receiver,
  })
  return { protocol, listeners, key: settings.workerToken }
}

/** Names that an object inherits: `String(value)` and `Number(value)` use some of them. */
const name = fc.oneof(
  fc.constantFrom('toString', 'valueOf', 'toJSON', '__proto__', 'constructor'),
  fc.string(),
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(null, true, 0, 1e300, '', 'w1', Math.floor(Date.now() / 1_000)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(name, tie('value')), { maxLength: 3 }).map((members) => Object.fromEntries(members)),
  ),
}))
const now = () => Math.floor(Date.now() / 1_000)
const message = fc.record(
  {
    event_type: value,
    event: fc.constantFrom('progress_update', 'other'),
    timestamp: fc.oneof(fc.constant(now()), value),
    event_id: fc.oneof(fc.uuid(), value),
    worker_id: fc.oneof(fc.constant('w1'), value),
    origin_worker_id: value,
    payload: value,
    target_job_id: value,
    task_id: value,
    job_id: value,
    progress: value,
    security: fc.oneof(value, fc.record({ signature: value, signer_id: value })),
  },
  { requiredKeys: [] },
)

test('no message of a worker makes the socket throw', () => {
  const { protocol } = build()
  fc.assert(
    fc.property(message, (sent) => {
      protocol.receive('w1', JSON.stringify(sent))
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  '{"event_type":"e","timestamp":{"toString":1}}',
  '{"event_type":"e","timestamp":[{"toString":1}]}',
  `{"event_type":"e","timestamp":${now()},"event_id":{"toString":1}}`,
  `{"event_type":"e","timestamp":${now()},"event_id":"a","security":{"signature":"x","signer_id":{"toString":1}}}`,
])('%s is dropped', (text) => {
  const { protocol } = build()
  expect(() => protocol.receive('w1', text)).not.toThrow()
})

test('a genuine event reaches the listeners', () => {
  const { protocol, listeners, key } = build()
  const seen: unknown[] = []
  listeners.on('event', ({ type, payload }) => seen.push([type, payload]))
  const event = {
    event_id: 'e1',
    worker_id: 'w1',
    origin_worker_id: 'w1',
    event_type: 'note',
    payload: { text: 'hello' },
    timestamp: now(),
  }
  const security = { signature: signatureOf(JSON.stringify(event), key), signer_id: 'w1' }
  protocol.receive('w1', JSON.stringify({ ...event, security }))
  expect(seen).toEqual([['note', { text: 'hello' }]])
})
