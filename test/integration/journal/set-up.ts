import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JournalEntry } from '../../../src/journal/entries.js'
import { encodeEntries } from '../../../src/journal/record.js'
import type { Generation } from '../../support/generations.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { holdTime, testWorker } from '../../support/test-worker.js'
import { StandIn } from './stand-in.js'
import { WorkerProcess } from './worker-process.js'

/** An orchestrator, and worker processes that run one after another with the same id and the same state folder. */
export const setUp = async (generation?: Generation, more: NodeJS.ProcessEnv = {}) => {
  const standIn = await StandIn.start(generation)
  const folder = temporaryFolder()
  const variables = {
    ORCHESTRATOR_URL: standIn.url,
    WORKER_ID: 'w1',
    WORKER_STATE_DIR: folder,
    // The stand-in notices when a process dies, and ends its polls.
    WORKER_POLL_FENCE: 'off',
    ...more,
  }
  return { standIn, folder, start: () => WorkerProcess.start(variables) }
}

export interface Crash {
  readonly generation: Generation
  /** The journal entries that the killed worker left about the orchestrator at `url`. */
  readonly entries: (url: string) => readonly JournalEntry[]
  readonly variables?: Parameters<typeof testWorker>[0]['variables']
  /** The first orchestrator, if it needs other answers from the start. */
  readonly standIn?: StandIn
  /** The other orchestrators of the worker. */
  readonly others?: readonly StandIn[]
}

/** Starts a worker after an earlier one was killed. The clock of the package stands still until the test moves it. */
export const startAfterCrash = async (crash: Crash) => {
  const { generation, entries, variables, others = [] } = crash
  const standIn = crash.standIn ?? (await StandIn.start(generation))
  const folder = temporaryFolder()
  const urls = [standIn, ...others].map(({ url }) => url)
  writeFileSync(join(folder, 'journal.log'), encodeEntries(urls.flatMap(entries)))
  holdTime()
  const { worker, logged } = testWorker({
    url: standIn.url,
    variables: {
      ...(others.length > 0 && { ORCHESTRATORS_CONFIG: JSON.stringify(urls.map((url) => ({ url }))) }),
      ORCHESTRATOR_PROTOCOL: generation,
      WORKER_STATE_DIR: folder,
      WORKER_HEARTBEAT_DEBOUNCE_DELAY: 0.01,
      ...variables,
    },
  })
  worker.task('echo', (params) => ({ data: params }))
  await worker.start()
  return { standIn, worker, logged }
}

/** The journal entry that says: the orchestrator may hold a poll of this worker id. */
export const openPoll = (url: string, workerId: string, openedMsAgo = 0, holdMs?: number): JournalEntry => ({
  fact: 'polled',
  from: url,
  workerId,
  openedAtMs: Date.now() - openedMsAgo,
  ...(holdMs !== undefined && { holdMs }),
})
