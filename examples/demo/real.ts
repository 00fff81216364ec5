/**
 * The orchestrator of production: the Python package with Redis behind it, in processes of their own. Both are started
 * as the tests start them; the package is installed the first time, into a virtual environment in the user's cache.
 *
 *   npm run demo -- --real
 */

import { offers } from '../../test/support/interop/client-api.js'
import type { OrchestratorUnderTest } from '../../test/support/interop/orchestrator-under-test.js'
import { findPython, pythonEnv } from '../../test/support/interop/python-env.js'
import { startRealOrchestrator } from '../../test/support/interop/real-orchestrator.js'
import { findRedisServer } from '../../test/support/interop/redis-server.js'
import { clientOf, type Desk } from './desk.js'

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

/** The desk of a real orchestrator. The blueprint of the tests runs the task that the params name. */
export const realDesk = (orchestrator: OrchestratorUnderTest, workerId: string): Desk => {
  const { client, ...desk } = clientOf(orchestrator.url, orchestrator.clientToken)
  return {
    ...desk,
    waitForWorker: (task) => orchestrator.client.waitForWorker(workerId, offers(task)),
    createJob: async (type, params) =>
      (await client.create('one_task', { type, params }, { endpoint: '/jobs/one_task' })).id,
  }
}
