import { expect, onTestFinished, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { Inbox } from '../../support/inbox.js'
import { nextEvent } from '../../support/next-event.js'
import { setup, task } from './setup.js'

test('§2.7.1 an event goes up the socket while that is open, and over HTTP afterwards', async () => {
  const { orchestrator, worker } = await setup({ WORKER_ENABLE_WEBSOCKETS: true })
  orchestrator.answers('other', { body: { status: 'event_accepted' } })
  worker.task('tell', ({ text }, { emit }) => emit('note', { text }))
  const acceptor = new WebSocketServer({ noServer: true })
  onTestFinished(() => acceptor.close())
  const texts = new Inbox<string>()
  const peers = new Inbox<WebSocket>()
  orchestrator.upgrades((request, tcp, head) =>
    acceptor.handleUpgrade(request, tcp, head, (peer) => {
      peer.on('message', (data) => texts.put(String(data)))
      peers.put(peer)
    }),
  )
  const opened = nextEvent(worker, 'socketOpened')
  await worker.start()
  await opened
  orchestrator.endPoll(task({ type: 'tell', params: { text: 'first' } }))
  await orchestrator.answered('result')
  expect(JSON.parse(await texts.next())).toMatchObject({ event_type: 'note', payload: { text: 'first' } })
  expect(orchestrator.calls('other')).toEqual([])

  const closed = nextEvent(worker, 'socketClosed')
  const peer = await peers.next()
  // Taken over by another worker: it stays closed for a minute.
  peer.close(1008)
  await closed
  orchestrator.endPoll(task({ type: 'tell', task_id: 't2', job_id: 'j2', params: { text: 'second' } }))
  const { body } = await orchestrator.answered('other')
  expect(body).toMatchObject({ event_type: 'note', payload: { text: 'second' } })
})
