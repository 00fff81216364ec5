import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { replay } from '../../../src/journal/replay.js'
import { FaultProxy } from '../../support/chaos/fault-proxy.js'
import { eventually } from '../../support/interop/eventually.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { testWorker } from '../../support/test-worker.js'

test('after a poll that was never sent, the journal says that no poll is held', async () => {
  const orchestrator = await RawOrchestrator.start()
  const proxy = await FaultProxy.to(orchestrator.url)
  onTestFinished(() => proxy.close())
  const folder = temporaryFolder()
  const { worker } = testWorker({
    url: proxy.url,
    variables: { WORKER_STATE_DIR: folder, TASK_POLL_TIMEOUT: 1, TASK_POLL_ERROR_DELAY: 0.05 },
  })
  worker.task('echo', () => ({}))
  const polls = () => replay(readFileSync(join(folder, 'journal.log'))).state.polls
  await worker.start()
  await orchestrator.next('poll')
  expect(polls()).toHaveLength(1)
  // The orchestrator may hold the poll that is cut off for a second. It cannot hold those that are refused meanwhile.
  await proxy.refuse()
  await eventually('the mark is removed', () => polls().length === 0)
})
