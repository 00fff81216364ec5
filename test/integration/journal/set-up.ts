import type { Generation } from '../../support/generations.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { StandIn } from './stand-in.js'
import { WorkerProcess } from './worker-process.js'

/** An orchestrator, and workers that follow one another under one id and in one folder. */
export const setUp = async (generation?: Generation, more: NodeJS.ProcessEnv = {}) => {
  const standIn = await StandIn.start(generation)
  const folder = temporaryFolder()
  const variables = {
    ORCHESTRATOR_URL: standIn.url,
    WORKER_ID: 'w1',
    WORKER_STATE_DIR: folder,
    // The polls of the stand-in end with their process.
    WORKER_POLL_FENCE: 'off',
    ...more,
  }
  return { standIn, folder, start: () => WorkerProcess.start(variables) }
}
