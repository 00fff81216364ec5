/**
 * The orchestrator of production: the Python package with Redis behind it, in processes of their own. Both are started
 * as the tests start them; the package is installed the first time, into a virtual environment in the user's cache.
 *
 *   npm run demo -- --real
 */

import { isDone, offers } from '../../test/support/interop/client-api.js'
import type { OrchestratorUnderTest } from '../../test/support/interop/orchestrator-under-test.js'
import { findPython, pythonEnv } from '../../test/support/interop/python-env.js'
import { startRealOrchestrator } from '../../test/support/interop/real-orchestrator.js'
import { findRedisServer } from '../../test/support/interop/redis-server.js'
import type { Desk } from './desk.js'

const VERSION = '1.0b30'

/** @throws Error that says what this machine lacks */
export const startReal = async (): Promise<OrchestratorUnderTest> => {
  const python = findPython()
  if (!python)
    throw new Error('The real orchestrator needs python3, 3.11 or newer, with venv: there is none here')
  const interpreter = await pythonEnv(python, `orchestrator-${VERSION}`)
  const redisBinary = await findRedisServer(interpreter)
  if (!redisBinary) throw new Error('The real orchestrator needs redis-server: there is none here')
  return startRealOrchestrator({ version: VERSION, interpreter, redisBinary }, {})
}

/** The desk of a real orchestrator: its clients ask over HTTP. */
export const realDesk = ({ client }: OrchestratorUnderTest, workerId: string): Desk => ({
  waitForWorker: (task) => client.waitForWorker(workerId, offers(task)),
  createJob: (task, params) => client.createJob({ type: task, params }),
  async waitForJob(id) {
    const job = await client.waitForJob(id, (each) => isDone(each) || ENDS.has(each.status), PATIENCE)
    return {
      isDone: isDone(job),
      status: job.status,
      history: job.state_history,
      errorMessage: job.error_message,
    }
  },
})

const ENDS = new Set(['failed', 'quarantined', 'cancelled'])
const PATIENCE = { deadlineMs: 60_000 }
