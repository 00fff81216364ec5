import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { FaultProxy } from '../../support/chaos/fault-proxy.js'
import { eventually } from '../../support/interop/eventually.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { testWorker } from '../../support/test-worker.js'

test('a poll that never got out is not waited for by a successor', async () => {
  const orchestrator = await RawOrchestrator.start()
  const proxy = await FaultProxy.to(orchestrator.url)
  onTestFinished(() => proxy.close())
  const folder = temporaryFolder()
  const { worker } = testWorker({
    url: proxy.url,
    variables: { WORKER_STATE_DIR: folder, TASK_POLL_TIMEOUT: 1, TASK_POLL_ERROR_DELAY: 0.05 },
  })
  worker.task('echo', () => ({}))
  const lastMark = () =>
    readFileSync(join(folder, 'journal.log'), 'utf8')
      .split('\n')
      .findLast((line) => line.includes('"polled"'))
  await worker.start()
  await orchestrator.next('poll')
  expect(lastMark()).not.toContain('"openedAtMs":null')
  // The one that is cut off may be held for a second; those that are refused meanwhile cannot be.
  await proxy.refuse()
  await eventually('the mark is gone', () => lastMark()?.includes('"openedAtMs":null'))
})
