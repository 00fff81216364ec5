import { expect, onTestFinished, test } from 'vitest'
import { missingAt } from '../support/compat/features.js'
import { lineOf, writtenLine } from '../support/compat/table.js'
import { dispatch } from '../support/interop/dispatch.js'
import { startPublished } from '../support/interop/each-orchestrator.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'

test.each(['1.0b8', '1.0b11', '1.0b27', '1.0b30'])(
  '§2.3.4 docs/explanation/compatibility.md says what %s does and does not',
  async (version) => {
    const orchestrator = await startPublished(version, { talkative: true })
    onTestFinished(() => orchestrator.stop())
    const missing = await missingAt(orchestrator)
    // `npm run compat` writes it anew, and names what is missing.
    expect(lineOf(version, missing), [...missing.values()].join('\n')).toBe(writtenLine(version))
  },
)

test('§2.8.5 before 1.0b30 no task is signed: a worker that has a key runs none', async () => {
  const orchestrator = await startPublished('1.0b27', {})
  onTestFinished(() => orchestrator.stop())
  const worker = workerFor(orchestrator, {
    id: 'with-a-key',
    variables: { ORCHESTRATOR_SECRET_KEY: orchestrator.secretKey },
  })
  let runs = 0
  worker.task('echo', () => void runs++)
  await startedFor(orchestrator, worker, 'echo')
  const id = await dispatch(orchestrator, { type: 'echo' })
  await orchestrator.client.waitForJob(id, ({ status }) => status === 'quarantined')
  expect(runs).toBe(0)
})
