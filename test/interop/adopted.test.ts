import { expect, onTestFinished, test } from 'vitest'
import { WorkerProcess } from '../integration/journal/worker-process.js'
import { type Fault, PASS } from '../support/chaos/fault.js'
import { FaultProxy } from '../support/chaos/fault-proxy.js'
import { isDone, offers } from '../support/interop/client-api.js'
import { dispatch } from '../support/interop/dispatch.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const AWAY: Fault = { kind: 'answer', status: 503, body: 'away' }

forEachOrchestrator(
  'what a dead worker leaves',
  {},
  (running, name) => {
    test('§2.6.8 is answered for, under its made-up id, by the next one of the same parent folder', async () => {
      const proxy = await FaultProxy.to(running().url)
      onTestFinished(() => proxy.close())
      // A result is in the journal before it is sent.
      const sent = new Promise<void>((resolve) => {
        proxy.plan = ({ path }) => {
          if (!path.endsWith('/tasks/result')) return PASS
          resolve()
          return AWAY
        }
      })
      const echo = `adopted-${name.replace(/\W+/g, '-')}`
      const variables = {
        ORCHESTRATOR_URL: proxy.url,
        WORKER_TOKEN: running().workerToken,
        XDG_STATE_HOME: temporaryFolder(),
        ECHO: echo,
      }
      const first = await WorkerProcess.start(variables)
      const [, id = ''] = first.lines[0]?.split(' ') ?? []
      await running().client.waitForWorker(id, offers(echo))
      const job = await dispatch(running(), { type: echo, params: { n: 1 } })
      await sent
      await first.kill()

      proxy.plan = () => PASS
      const second = await WorkerProcess.start(variables)
      expect((await running().client.waitForJob(job, isDone)).state_history).toEqual({ n: 1 })
      await second.says(/^delivered /)
      expect(second.lines).not.toContainEqual(expect.stringMatching(/^took /))
    })
  },
  ['classic', 'rxon'],
)
