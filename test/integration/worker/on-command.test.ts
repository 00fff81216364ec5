import { describe, expect, test } from 'vitest'
import { Inbox } from '../../support/inbox.js'
import { ScriptedOrchestrator } from '../../support/scripted-orchestrator.js'
import { workerOf } from '../../support/worker-of.js'

const withWorker = async () => {
  const orchestrator = await ScriptedOrchestrator.start()
  return { orchestrator, ...workerOf(orchestrator.url) }
}

describe('a command of the host application', () => {
  test('is handed over whole, with where it came from', async () => {
    const { orchestrator, worker } = await withWorker()
    const heard = new Inbox<unknown>()
    worker.onCommand('reload', (message, origin) => heard.put({ message, origin }))
    await worker.start()
    const peer = await orchestrator.peers.next()
    peer.say({ command: 'reload', params: { model: 'm1' } })
    expect(await heard.next()).toEqual({
      message: { command: 'reload', params: { model: 'm1' } },
      origin: { orchestrator: orchestrator.url },
    })
  })

  test('is logged when nobody listens, or no longer', async () => {
    const { orchestrator, worker, lines } = await withWorker()
    const stop = worker.onCommand('reload', () => {
      throw new Error('must not be called')
    })
    await worker.start()
    stop()
    ;(await orchestrator.peers.next()).say({ command: 'reload' })
    const line = await lines.first(({ message }) => message.includes('without a handler'))
    expect(line).toMatchObject({ level: 'warn', fields: { command: 'reload' } })
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['rejects with null', () => Promise.reject(null)],
  ])('whose handler %s is logged, and the next one is heard', async (_, handler) => {
    const { orchestrator, worker, lines } = await withWorker()
    const heard = new Inbox<string>()
    worker.onCommand('broken', handler)
    worker.onCommand('fine', () => heard.put('fine'))
    await worker.start()
    const peer = await orchestrator.peers.next()
    peer.say({ command: 'broken' })
    peer.say({ command: 'fine' })
    await heard.next()
    const line = await lines.first(({ message }) => message === 'Command handler failed')
    expect(line).toMatchObject({ level: 'error', fields: { command: 'broken' } })
  })

  test('is listened to once, and never in place of the worker', async () => {
    const { worker } = await withWorker()
    worker.onCommand('reload', () => {})
    const duplicate = expect.objectContaining({ code: 'DUPLICATE_COMMAND' })
    expect(() => worker.onCommand('reload', () => {})).toThrow(duplicate)
    expect(() => worker.onCommand('cancel_task', () => {})).toThrow(duplicate)
  })

  test('is warned about where none can come', async () => {
    const orchestrator = await ScriptedOrchestrator.start()
    const { worker, lines } = workerOf(orchestrator.url, { variables: { WORKER_ENABLE_WEBSOCKETS: false } })
    worker.onCommand('reload', () => {})
    await worker.start()
    expect(lines.all.map(({ message }) => message)).toContain(
      'Command handlers are registered, but no command can come: set WORKER_ENABLE_WEBSOCKETS=true',
    )
  })
})
