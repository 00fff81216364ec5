import { expect, test } from 'vitest'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { ScriptedOrchestrator } from '../../support/scripted-orchestrator.js'
import { testWorker } from '../../support/test-worker.js'

test.each([301, 302, 303, 307, 308])(
  '§1.1.9 a redirect (%i) is not followed, and the log names its target',
  async (status) => {
    const target = await RawOrchestrator.start()
    const front = await RawOrchestrator.start()
    front.answers('registration', ({ path }) => ({
      status,
      body: 'Moved',
      headers: { location: target.url + path },
    }))
    const { worker, said } = testWorker({ url: front.url })
    await worker.start()
    const { err } = await said('Registration failed')
    expect(err?.message).toBe(
      `The registration was answered ${status}: redirect to ${target.url}/_worker/workers/register. The worker follows no ` +
        'redirects: set ORCHESTRATOR_URL (or the url in ORCHESTRATORS_CONFIG) to the address behind the redirect',
    )
    expect(target.calls()).toEqual([])
  },
)

test('§1.1.9 a redirect without a target is an error like any other', async () => {
  const front = await RawOrchestrator.start()
  front.answers('registration', { status: 304, body: '' })
  const { worker, said } = testWorker({ url: front.url })
  await worker.start()
  expect((await said('Registration failed')).err?.message).toBe('The registration was answered 304: no body')
})

test('§1.1.9 a redirect of the command socket names its target', async () => {
  const front = await ScriptedOrchestrator.start()
  front.upgrade = (_request, socket) =>
    socket.end(
      'HTTP/1.1 308 Moved\r\nLocation: https://front.example/ws\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    )
  const { worker, said } = testWorker({ url: front.url, variables: { WORKER_ENABLE_WEBSOCKETS: true } })
  await worker.start()
  expect((await said('Command socket not open')).err?.message).toContain(
    'redirect to https://front.example/ws',
  )
})
