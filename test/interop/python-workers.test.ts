import { type DevOrchestrator, startOrchestrator } from 'avtomatika-worker/dev'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mayNotSkip } from '../support/interop/each-orchestrator.js'
import { findPython } from '../support/interop/python-env.js'
import { startPythonWorker } from '../support/interop/python-worker.js'

const TOKEN = 'token-of-all-workers'
const SECRET_KEY = 'key-of-the-orchestrator'
const PATIENCE = { timeoutMs: 60_000 }

// The embedded orchestrator tells by what they send which wire they speak.
describe.skipIf(findPython() === undefined && !mayNotSkip())(
  'the Python SDK on the embedded orchestrator',
  () => {
    let orchestrator: DevOrchestrator
    beforeAll(async () => {
      orchestrator = await startOrchestrator({
        generation: 'auto',
        workerToken: TOKEN,
        secretKey: SECRET_KEY,
        pollHoldMs: 1_000,
      })
    })
    beforeEach(() => orchestrator.forgetWorkers())
    afterAll(() => orchestrator.close())

    test.each([
      ['1.0b2', 'classic', 'done'],
      ['1.0b20', 'rxon', 'finished'],
    ] as const)('%s works on the wire it knows', async (version, generation, end) => {
      const { url } = orchestrator
      const id = `python-${version.replace('.', '-')}`
      const worker = await startPythonWorker(version, { id, url, token: TOKEN, secretKey: SECRET_KEY })
      expect(await orchestrator.waitForWorker('echo', PATIENCE)).toMatchObject({ workerId: id, generation })

      const params = { text: 'Grüße 🎨', tiny: 0.0000015, nested: { list: [1, 2.5, null] }, '10': 1, '9': 2 }
      const jobs = Array.from({ length: 10 }, () => orchestrator.createJob({ task: 'echo', params }))
      for (const job of await Promise.all(jobs)) {
        expect(await orchestrator.waitForJob(job.id, PATIENCE)).toMatchObject({
          state: end,
          history: { echo: params },
        })
      }
      const unlucky = await orchestrator.createJob({ task: 'unlucky' })
      const { status, errorMessage } = await orchestrator.waitForJob(unlucky.id, PATIENCE)
      expect([status, errorMessage]).toEqual([
        'quarantined',
        expect.stringMatching(/failed after 4 attempts: no luck$/),
      ])
      await worker.end('SIGTERM')
    })

    test('1.0b20 tells of its progress', async () => {
      const id = 'python-progress'
      const { url } = orchestrator
      await startPythonWorker('1.0b20', { id, url, token: TOKEN, secretKey: SECRET_KEY })
      await orchestrator.waitForWorker('slow', PATIENCE)
      const heard = new Promise((resolve) => orchestrator.on('progress', resolve))
      const job = await orchestrator.createJob({ task: 'slow' })
      expect(await heard).toMatchObject({ jobId: job.id, workerId: id, fraction: 0.5, message: 'half' })
      expect(await orchestrator.waitForJob(job.id, PATIENCE)).toMatchObject({ history: { slept: true } })
    })
  },
)
