import { createHmac } from 'node:crypto'
import { AuthError } from 'avtomatika-worker'
import { startOrchestrator } from 'avtomatika-worker/dev'
import { expect, onTestFinished, test, vi } from 'vitest'
import { nextEvent } from '../../support/next-event.js'
import { orchestratorAt } from '../../support/orchestrator-at.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { holdTime, SECRET, testWorker } from '../../support/test-worker.js'
import { Authority, canCertify } from '../../support/tls/certificates.js'
import { TlsFront } from '../../support/tls/front.js'
import { setup, task } from './setup.js'

const REFUSED = { status: 403, body: { error: 'Unauthorized: No valid token found' } }

/** Gives tokens that are told apart by their number. */
const givesTokens = (orchestrator: RawOrchestrator, seconds = 1_000): void => {
  let made = 0
  orchestrator.answers('other', ({ path }) => {
    if (!path.includes('/auth/token')) return { body: 'None' }
    const number = ++made
    return {
      body: { access_token: `access-${number}`, refresh_token: `refresh-${number}`, expires_in: seconds },
    }
  })
}

const shownBy = (calls: readonly { headers: Record<string, unknown> }[]) =>
  calls.map(({ headers }) => headers['x-worker-token'])

test('§2.1.5 a short-lived token is shown from the registration on, and the next one in time', async () => {
  const { orchestrator, worker } = await setup({ WORKER_USE_STS: true, HEARTBEAT_INTERVAL: 100 })
  givesTokens(orchestrator)
  holdTime()
  await worker.start()
  await orchestrator.answered('registration')
  await orchestrator.answered('heartbeat')
  await vi.advanceTimersByTimeAsync(700_000)
  expect(orchestrator.calls('other')).toHaveLength(1)
  for (let beat = 0; beat < 2; beat++) {
    await vi.advanceTimersByTimeAsync(100_000)
    await orchestrator.answered('heartbeat', ({ body }) => body !== '')
  }
  const [first, next] = orchestrator.calls('other')
  expect(first).toMatchObject({
    path: '/_worker/auth/token',
    body: '',
    headers: { 'x-worker-token': SECRET },
  })
  expect(next).toMatchObject({
    path: '/_worker/auth/token/refresh',
    body: { refresh_token: 'refresh-1' },
    headers: { 'x-worker-token': 'access-1' },
  })
  expect(shownBy(orchestrator.calls('registration'))).toEqual(['access-1'])
  expect(shownBy(orchestrator.calls('heartbeat')).at(-1)).toBe('access-2')
})

test.each([
  ['refused', REFUSED],
  ['unknown', { status: 404, body: '404: Not Found' }],
  ['broken', 'reset' as const],
  ['nonsense', { body: 'a page with access-0 in it' }],
])(
  '§2.1.6 where none can be had (%s), the configured token is shown, and it is tried again',
  async (_, reply) => {
    const { orchestrator, worker, said, logged } = await setup({
      WORKER_USE_STS: true,
      HEARTBEAT_INTERVAL: 61,
    })
    orchestrator.answers('other', ({ path }) => (path.endsWith('/token') ? reply : { body: '' }))
    holdTime()
    await worker.start()
    await orchestrator.answered('registration')
    await orchestrator.answered('heartbeat')
    expect(shownBy(orchestrator.calls('registration'))).toEqual([SECRET])
    await said('Short-lived token (STS) not received')
    givesTokens(orchestrator)
    await vi.advanceTimersByTimeAsync(61_000)
    await orchestrator.answered('heartbeat')
    await vi.advanceTimersByTimeAsync(61_000)
    await orchestrator.answered('heartbeat', ({ headers }) => headers['x-worker-token'] === 'access-1')
    expect(logged('warn')).toHaveLength(1)
    expect(JSON.stringify(logged())).not.toMatch(/access-|refresh-/)
  },
)

test.each([REFUSED, { status: 401, body: { error: 'expired' } }])(
  '§2.1.7 a token that is refused ($status) is replaced, and the same message sent again',
  async (refusal) => {
    const { orchestrator, worker, logged } = await setup({ WORKER_USE_STS: true })
    givesTokens(orchestrator)
    orchestrator.answers('result', ({ headers }) =>
      headers['x-worker-token'] === 'access-1' ? refusal : { body: { status: 'accepted' } },
    )
    const delivered = nextEvent(worker, 'resultDelivered')
    await worker.start()
    orchestrator.endPoll(task())
    await delivered
    const [first, second] = orchestrator.calls('result')
    expect(second?.body).toEqual(first?.body)
    expect(orchestrator.calls('other').map(({ path }) => path)).toEqual([
      '/_worker/auth/token',
      '/_worker/auth/token/refresh',
    ])
    expect(logged('warn')).toEqual([])
  },
)

test('§2.1.7 §2.6.3 a result whose answer is lost after a new token goes again word for word', async () => {
  const { orchestrator, worker } = await setup({ WORKER_USE_STS: true })
  givesTokens(orchestrator)
  const delivered = nextEvent(worker, 'resultDelivered')
  orchestrator.answers('result', ({ headers }) =>
    headers['x-worker-token'] === 'access-1' ? REFUSED : 'reset',
  )
  holdTime()
  await worker.start()
  orchestrator.endPoll(task())
  await orchestrator.answered('result')
  const lost = await orchestrator.answered('result')
  orchestrator.answers('result', { status: 403, body: { error: 'Duplicate message detected' } })
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await delivered).toEqual({ taskId: 't1', jobId: 'j1' })
  expect(orchestrator.calls('result').map(({ body }) => body.nonce)).toEqual(Array(3).fill(lost.body.nonce))
})

test('§2.1.7 where no other can be had either, the configured token goes with it', async () => {
  const { orchestrator, worker } = await setup({ WORKER_USE_STS: true })
  givesTokens(orchestrator)
  orchestrator.answers('result', ({ headers }) =>
    headers['x-worker-token'] === SECRET ? { body: { status: 'accepted' } } : REFUSED,
  )
  const delivered = nextEvent(worker, 'resultDelivered')
  await worker.start()
  await orchestrator.answered('heartbeat')
  orchestrator.answers('other', REFUSED)
  orchestrator.endPoll(task())
  await delivered
  expect(shownBy(orchestrator.calls('result'))).toEqual(['access-1', SECRET])
})

test('§2.1.7 what is refused for another reason is not sent again with another token', async () => {
  const { orchestrator, worker, said } = await setup({ WORKER_USE_STS: true })
  givesTokens(orchestrator)
  orchestrator.answers('registration', { status: 403, body: { error: 'Invalid cryptographic signature' } })
  await worker.start()
  await said('Token refused by the orchestrator')
  expect(orchestrator.calls('registration')).toHaveLength(1)
  expect(orchestrator.calls('other')).toHaveLength(1)
})

test('§2.1.5 without the switch nobody asks for one', async () => {
  const { orchestrator, worker } = await setup()
  await worker.start()
  await orchestrator.answered('heartbeat')
  expect(orchestrator.calls('other')).toEqual([])
})

test('§2.1.5 each orchestrator of a list gives a token of its own, and what is signed is signed with its configured one', async () => {
  const [first, second] = [await RawOrchestrator.start(), await RawOrchestrator.start()]
  const { worker } = testWorker({
    url: first.url,
    variables: {
      ORCHESTRATORS: [{ url: first.url, token: 'own-of-first' }, { url: second.url }],
      MULTI_ORCHESTRATOR_MODE: 'ROUND_ROBIN',
      ORCHESTRATOR_PROTOCOL: 'rxon',
      WORKER_USE_STS: true,
    },
  })
  worker.task('echo', (params) => ({ data: params }))
  givesTokens(first)
  second.answers('other', ({ path }) => (path.endsWith('/token') ? REFUSED : { body: '' }))
  await worker.start()
  const heard = [
    { call: await first.answered('registration'), shown: 'access-1', configured: 'own-of-first' },
    { call: await second.answered('registration'), shown: SECRET, configured: SECRET },
  ]
  for (const { call, shown, configured } of heard) {
    expect(call.headers['x-worker-token']).toBe(shown)
    const { security, ...signed } = call.body
    const signature = createHmac('sha256', configured).update(JSON.stringify(signed)).digest('hex')
    expect(security.signature).toBe(signature)
  }
  expect(shownBy([...first.calls('other'), ...second.calls('other')])).toEqual(['own-of-first', SECRET])
})

test('§2.1.7 a socket that is refused for its short-lived token is asked for with the next one', async () => {
  const server = await RawOrchestrator.start()
  givesTokens(server)
  const shown: unknown[] = []
  server.upgrades(({ headers }, socket) => {
    shown.push(headers['x-worker-token'])
    const body = JSON.stringify(REFUSED.body)
    socket.end(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  })
  const { orchestrator } = orchestratorAt(server.url, { WORKER_USE_STS: true })
  // A heartbeat requests the first token, and does not wait for it.
  await orchestrator.heartbeat({} as never).catch(() => {})
  await server.answered('other')
  const never = new AbortController().signal
  const socket = orchestrator.openSocket({ onText: () => {}, onClosed: () => {} }, never)
  await expect(socket).rejects.toBeInstanceOf(AuthError)
  expect(shown).toEqual(['access-1', 'access-2'])
})

test.each([
  [431, { status: 431, body: '' }],
  [400, { status: 400, body: '<h1>Request Header Or Cookie Too Large</h1>' }],
])(
  '§2.1.8 a token that is too long for a server (%i) gives way to the configured one',
  async (_, tooLong) => {
    const { orchestrator, worker, said, logged } = await setup({
      WORKER_USE_STS: true,
      HEARTBEAT_INTERVAL: 61,
    })
    givesTokens(orchestrator)
    orchestrator.answers('registration', ({ headers }) =>
      headers['x-worker-token'] === SECRET ? { body: { status: 'registered' } } : tooLong,
    )
    holdTime()
    await worker.start()
    await orchestrator.answered('registration')
    await orchestrator.answered('registration')
    await orchestrator.answered('heartbeat')
    const [first, second] = orchestrator.calls('registration')
    expect(shownBy(orchestrator.calls('registration'))).toEqual(['access-1', SECRET])
    expect(second?.body).toEqual(first?.body)
    expect(shownBy(orchestrator.calls('heartbeat')).at(-1)).toBe(SECRET)
    expect((await said('Short-lived token (STS) not received')).err?.message).toContain(
      `was answered ${tooLong.status}`,
    )
    // Another one is asked for after a minute, not at once.
    expect(orchestrator.calls('other')).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(61_000)
    await orchestrator.answered('heartbeat')
    await vi.advanceTimersByTimeAsync(61_000)
    await orchestrator.answered('heartbeat', ({ headers }) => headers['x-worker-token'] === 'access-2')
    expect(logged('warn')).toHaveLength(1)
  },
)

test('§2.1.8 a 400 to a token that was accepted before is about the message', async () => {
  const { orchestrator, worker } = await setup({ WORKER_USE_STS: true })
  givesTokens(orchestrator)
  const delivered = nextEvent(worker, 'resultDelivered').catch(() => {})
  const refused = nextEvent(worker, 'resultRefused')
  orchestrator.answers('result', { status: 400, body: { error: 'Invalid JSON body' } })
  await worker.start()
  orchestrator.endPoll(task())
  await Promise.race([delivered, refused])
  expect(new Set(shownBy(orchestrator.calls('result')))).toEqual(new Set(['access-1']))
})

test.each([
  ['4,097 characters', { access_token: 'x'.repeat(4_097), expires_in: 60 }],
  ['no lifetime', { access_token: 'x', expires_in: 0 }],
  ['a lifetime that is no number', { access_token: 'x', expires_in: '60' }],
])('§2.1.8 a token with %s counts as none', async (_, body) => {
  const { orchestrator, worker, said } = await setup({ WORKER_USE_STS: true })
  orchestrator.answers('other', { body })
  await worker.start()
  await orchestrator.answered('registration')
  expect(shownBy(orchestrator.calls('registration'))).toEqual([SECRET])
  expect((await said('Short-lived token (STS) not received')).err?.message).not.toContain('xxx')
})

test.each([
  ['for ever', '1e400', 0.8 * 86_400_000],
  ['for an instant', '0.000001', 1_000],
])('§2.1.8 a token that lives %s is renewed in time, and not in a loop', async (_, seconds, dueMs) => {
  const intervalMs = Math.min(dueMs, 600_000)
  const { orchestrator, worker } = await setup({
    WORKER_USE_STS: true,
    HEARTBEAT_INTERVAL: intervalMs / 1_000,
    TASK_POLL_TIMEOUT: 600_000,
  })
  orchestrator.answers('other', { body: `{"access_token":"long-lived","expires_in":${seconds}}` })
  holdTime()
  await worker.start()
  await orchestrator.answered('heartbeat')
  expect(orchestrator.calls('other')).toHaveLength(1)
  for (let ms = 0; ms < dueMs; ms += intervalMs) {
    expect(orchestrator.calls('other')).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(intervalMs)
    await orchestrator.answered('heartbeat')
  }
  await orchestrator.answered('other')
  await orchestrator.answered('other')
})

test('§2.1.8 Retry-After of a request for a token is obeyed, for ten minutes at most', async () => {
  const { orchestrator, worker } = await setup({ WORKER_USE_STS: true, HEARTBEAT_INTERVAL: 100 })
  orchestrator.answers('other', { status: 429, headers: { 'retry-after': '999999' } })
  holdTime()
  await worker.start()
  await orchestrator.answered('heartbeat')
  for (let beat = 0; beat < 5; beat++) {
    await vi.advanceTimersByTimeAsync(100_000)
    await orchestrator.answered('heartbeat')
    await orchestrator.fence()
    expect(orchestrator.calls('other')).toHaveLength(1)
  }
  await vi.advanceTimersByTimeAsync(100_000)
  await orchestrator.answered('other')
  await orchestrator.answered('other')
})

const HOURS = 3
/** Shorter than any deadline, as time goes on while an answer is on its way. */
const STEPS = Array.from({ length: 360 * HOURS }, (_, step) => step)

test.skipIf(!canCertify() && process.env['CI'] !== 'true')(
  '§2.1.4 §2.1.5 hours of rotation over mutual TLS lose nothing, and no request is ever refused',
  async () => {
    const authority = new Authority(temporaryFolder())
    holdTime()
    await using orchestrator = await startOrchestrator({ generation: 'rxon', workerTokens: { w1: SECRET } })
    const front = await TlsFront.start(authority, orchestrator.port)
    const { certPath, keyPath } = authority.issue('w1')
    const { worker, logged } = testWorker({
      url: front.url,
      variables: {
        ORCHESTRATOR_PROTOCOL: 'auto',
        WORKER_USE_STS: true,
        TLS_CA_PATH: authority.caPath,
        TLS_CERT_PATH: certPath,
        TLS_KEY_PATH: keyPath,
        HEARTBEAT_INTERVAL: 30,
        TASK_POLL_TIMEOUT: 600,
      },
    })
    worker.task('echo', (params) => ({ data: params }))
    await worker.start()
    onTestFinished(() => worker.stop({ pollGraceMs: 0 }))
    await front.passed.first(({ method, status }) => method === 'PATCH' && status === 200)
    await front.atRest()
    for (const step of STEPS) {
      await vi.advanceTimersByTimeAsync(10_000)
      await front.atRest()
      if (step % 60 > 0) continue
      const job = await orchestrator.createJob({ task: 'echo', params: { step } })
      // A poll that has just ended is followed by the next one after its pause.
      await vi.advanceTimersByTimeAsync(20)
      expect((await orchestrator.waitForJob(job.id)).status).toBe('finished')
    }
    expect(front.passed.all.filter(({ status }) => status >= 300)).toEqual([])
    const isPoll = ({ path }: { path: string }) => path.endsWith('/tasks/next')
    const refreshes = front.passed.all.filter(({ path }) => path.endsWith('/refresh'))
    expect(refreshes).toHaveLength(HOURS)
    const shown = new Set(front.passed.all.filter(isPoll).map(({ token }) => token))
    expect(shown.size).toBe(HOURS + 1)
    expect(shown).not.toContain(SECRET)
    const lines = JSON.stringify(logged())
    expect([...shown, SECRET].filter((token) => lines.includes(token))).toEqual([])
    expect(logged('warn')).toEqual([])
  },
)
