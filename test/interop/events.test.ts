import { expect, onTestFinished, test } from 'vitest'
import { FaultProxy } from '../support/chaos/fault-proxy.js'
import { dispatch } from '../support/interop/dispatch.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { WaitingRoom } from '../support/interop/waiting-room.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'
import { eventsOf } from '../support/worker-of.js'

forEachOrchestrator(
  'an event of a task',
  {},
  (running) => {
    test.each([
      { way: 'up the socket', isOn: true, posts: 0 },
      { way: 'by POST, without a socket', isOn: false, posts: 1 },
    ])('§2.7.1 goes $way, and moves the job that waits for it', async ({ isOn, posts }) => {
      // The embedded one knows no blueprints, so none that waits for an event.
      if (running().kind === 'embedded') return
      const name = `judge-${isOn ? 'socket' : 'post'}`
      const proxy = await FaultProxy.to(running().url)
      onTestFinished(() => proxy.close())
      const room = new WaitingRoom()
      const worker = workerFor(running(), {
        id: name,
        variables: { ORCHESTRATOR_URL: proxy.url, WORKER_ENABLE_WEBSOCKETS: isOn },
      })
      const opened = eventsOf(worker, 'socketOpened')
      const ignored = eventsOf(worker, 'resultIgnored')
      worker.task(name, (params, { emit }) => {
        emit('judged', { score: 7, words: 'Grüße 🎨' })
        return room.handler(params)
      })
      await startedFor(running(), worker, name)
      if (isOn) await opened.next()
      const id = await dispatch(running(), { type: name, eventTransitions: { judged: 'review' } })
      const job = await running().client.waitForJob(id, (now) => now.current_state === 'review')
      expect(job.state_history).toEqual({ score: 7, words: 'Grüße 🎨' })
      expect(proxy.count('POST', '/events')).toBe(posts)
      room.open()
      expect(await ignored.next()).toMatchObject({ jobId: id })
    })
  },
  ['rxon'],
)
