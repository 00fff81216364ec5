import { expect, onTestFinished, test } from 'vitest'
import { command } from '../integration/cli/command.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'
import { gate } from '../support/test-worker.js'

// The orchestrators in memory compare two tasks of the same priority by their content, which fails.
let created = 0
const one = (type: string, params: object = {}) => JSON.stringify({ type, params, priority: -++created })

forEachOrchestrator(
  'send, job, cancel and doctor',
  { maxRetries: 0 },
  (running) => {
    const run = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
      const { url, clientToken, workerToken } = running()
      const variables = {
        ORCHESTRATOR_URL: url,
        CLIENT_TOKEN: clientToken,
        WORKER_TOKEN: workerToken,
        ...env,
      }
      const child = command(args, variables)
      onTestFinished(() => child.end())
      const code = await child.ended()
      for (const token of [clientToken, workerToken]) expect(child.output).not.toContain(token)
      return { code, output: child.output }
    }

    test('a job is sent, its result is seen, and it is shown again', async () => {
      const worker = workerFor(running(), { id: 'cli-send' })
      worker.task('cli-double', ({ n }) => ({ doubled: n * 2, unit: 'px' }))
      await startedFor(running(), worker, 'cli-double')
      const sent = await run(['send', 'one_task', one('cli-double', { n: 21 }), '--wait', '--json'])
      expect(sent.code, sent.output).toBe(0)
      const job = JSON.parse(sent.output)
      expect(job).toMatchObject({ outcome: 'finished', result: { doubled: 42, unit: 'px' } })
      const shown = await run(['job', job.id, '--json'])
      expect(JSON.parse(shown.output)).toMatchObject({ id: job.id, outcome: 'finished' })
      expect((await run(['job', 'no-such-job'])).code).toBe(6)
    })

    test('a job that nobody can take ends with a code of its own', async () => {
      const { code, output } = await run(['send', 'one_task', one('cli-nobody'), '--wait', '--json'])
      expect([10, 11]).toContain(code)
      expect(JSON.parse(output).outcome).toMatch(/^(failed|quarantined)$/)
    })

    test('a running job is cancelled', async () => {
      const worker = workerFor(running(), { id: 'cli-cancel', variables: { WORKER_ENABLE_WEBSOCKETS: true } })
      const begun = gate()
      worker.task('cli-wait', (_params, { signal }) => {
        begun.open()
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        )
      })
      await startedFor(running(), worker, 'cli-wait')
      const { id } = JSON.parse((await run(['send', 'one_task', one('cli-wait'), '--json'])).output)
      await begun.opened
      const { code, output } = await run(['cancel', id, '--wait', '--json'])
      expect(JSON.parse(output)).toMatchObject({ id, outcome: 'cancelled' })
      expect(code).toBe(12)
    })

    test('doctor finds nothing, a wrong token, and the other generation', async () => {
      const codes = async (env: NodeJS.ProcessEnv) => {
        const all = { WORKER_ID: 'cli-doctor', WORKER_PORT: '0', CLIENT_TOKEN: '', ...env }
        const { output } = await run(['doctor', '--json'], all)
        return JSON.parse(output).findings.map((each: { code: string }) => each.code)
      }
      const own = running().generation
      expect(await codes({ ORCHESTRATOR_PROTOCOL: own })).toEqual([])
      expect(await codes({ WORKER_TOKEN: 'a-wrong-token' })).toEqual(['token_refused'])
      const other = own === 'rxon' ? 'classic' : 'rxon'
      expect(await codes({ ORCHESTRATOR_PROTOCOL: other })).toEqual(['wrong_generation'])
    })
  },
  ['classic', 'rxon'],
)
