import { fileURLToPath } from 'node:url'
import { type DevOrchestrator, startOrchestrator } from 'avtomatika-worker/dev'
import { afterAll, beforeAll, describe, expect, onTestFailed, onTestFinished, test } from 'vitest'
import { Child } from '../support/interop/child-process.js'
import { mayNotSkip } from '../support/interop/each-orchestrator.js'
import { freePort } from '../support/interop/free-port.js'
import { findPython } from '../support/interop/python-env.js'
import { startPythonWorker } from '../support/interop/python-worker.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const programs = new URL('../../examples/migration/', import.meta.url)
const pathOf = (name: string): string => fileURLToPath(new URL(name, programs))
const TSX = import.meta.resolve('tsx')
// With the default token, the Python SDK does not sign (§3.2.5).
const TOKEN = 'token-of-all-workers'
const SECRET_KEY = 'key-of-the-orchestrator'
const PATIENCE = { timeoutMs: 60_000 }

/** Params of one job, each with another outcome. */
const JOBS = [
  { text: 'a quick brown fox' },
  { text: 'the quick brown fox', minimum: 4 },
  { text: 'a b c', minimum: 2 },
  { text: 5 },
]

describe.skipIf(findPython() === undefined && !mayNotSkip())(
  'the two programs of the migration guide',
  () => {
    let orchestrator: DevOrchestrator
    beforeAll(async () => {
      orchestrator = await startOrchestrator({
        generation: 'rxon',
        workerToken: TOKEN,
        secretKey: SECRET_KEY,
        pollHoldMs: 500,
      })
    })
    afterAll(() => orchestrator.close())

    /** Runs the jobs on the only worker, and returns what a client sees of each. */
    const outcomes = async (workerId: string) => {
      expect(await orchestrator.waitForWorker('count_words', PATIENCE)).toMatchObject({ workerId })
      const jobs = []
      for (const params of JOBS) {
        const { id } = await orchestrator.createJob({ task: 'count_words', params })
        const { status, state, history, retryCount, errorMessage } = await orchestrator.waitForJob(
          id,
          PATIENCE,
        )
        // Each validator has its own message.
        jobs.push({ status, state, history, retryCount, error: status === 'failed' ? '' : errorMessage })
      }
      return jobs
    }

    test('give the same results and failures', async () => {
      const setup = { url: orchestrator.url, token: TOKEN, secretKey: SECRET_KEY }
      const python = await startPythonWorker('1.0b20', { ...setup, id: 'python' }, pathOf('worker.py'))
      const expected = await outcomes('python')
      await python.end('SIGTERM')
      orchestrator.forgetWorkers()

      const env = {
        PATH: process.env['PATH'],
        WORKER_ID: 'typescript',
        WORKER_TOKEN: TOKEN,
        WORKER_PORT: String(await freePort()),
        WORKER_STATE_DIR: temporaryFolder(),
        ORCHESTRATOR_URL: setup.url,
        ORCHESTRATOR_SECRET_KEY: SECRET_KEY,
        TASK_FILES_DIR: temporaryFolder(),
        HEARTBEAT_INTERVAL: '1',
      }
      const child = new Child(process.execPath, ['--import', TSX, pathOf('worker.ts')], { env })
      onTestFailed(() => console.log(child.output))
      onTestFinished(() => child.end())
      expect(await outcomes('typescript')).toEqual(expected)
      expect(expected.map(({ status }) => status)).toEqual(['finished', 'finished', 'quarantined', 'failed'])
      expect(expected[0]).toMatchObject({ history: { words: 4 } })
      expect(expected[2]?.error).toContain('no word is long enough')
      await child.end('SIGTERM')
    })
  },
)
