import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { compiledProgram } from '../../support/compiled-program.js'
import { Child } from '../../support/interop/child-process.js'
import { freePort } from '../../support/interop/free-port.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { testOrchestrator } from '../../support/test-orchestrator.js'

const PROGRAM = new URL('many.child.ts', import.meta.url)
const MANY = 12

const manyWorkers = async (variables: NodeJS.ProcessEnv) => {
  const orchestrator = await testOrchestrator()
  const home = temporaryFolder()
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    TASK_FILES_DIR: join(temporaryFolder(), 'payloads'),
    WORKER_ENABLE_WEBSOCKETS: 'true',
    WORKER_SHUTDOWN_TIMEOUT: '2',
    ORCHESTRATOR_URL: orchestrator.url,
    ...variables,
  }
  const child = new Child(process.execPath, [compiledProgram(PROGRAM)], { env })
  onTestFinished(() => child.end('SIGKILL'))
  return { orchestrator, child, home, payloads: env.TASK_FILES_DIR }
}

test('twelve workers without a WORKER_ID work in one process, and end together', async () => {
  const { orchestrator, child, home, payloads } = await manyWorkers({ WORKER_PORT: '0' })
  await child.says(new RegExp(`(?:Registered with[^]*?){${MANY}}`))
  const jobs = await Promise.all(
    Array.from({ length: 4 * MANY }, () => orchestrator.createJob({ task: 'writes' })),
  )
  const ended = await Promise.all(jobs.map(({ id }) => orchestrator.waitForJob(id)))
  expect(new Set(ended.map(({ state }) => state))).toEqual(new Set(['finished']))
  await child.end('SIGTERM')
  expect(child.output.match(/^ended fulfilled/gm)).toHaveLength(MANY)
  expect(child.output).not.toContain('warned')
  expect(readdirSync(join(home, '.local/state/avtomatika-worker'))).toEqual([])
  expect(readdirSync(payloads)).toEqual(['.avtomatika-worker'])
  expect(readdirSync(join(payloads, '.avtomatika-worker'))).toEqual([])
})

test.each<[string, () => string | Promise<string>, RegExp]>([
  ['WORKER_ID', () => 'same', /WORKER_STATE_DIR = .* expected a directory for this worker only/],
  [
    'WORKER_STATE_DIR',
    () => join(temporaryFolder(), 'state'),
    /WORKER_STATE_DIR = .* for this worker only, but another worker uses it/,
  ],
  ['WORKER_PORT', async () => String(await freePort()), /WORKER_PORT = \d+: expected a port that no other/],
])(
  'of twelve workers with the same %s one starts, and the others say why not',
  async (name, value, reason) => {
    const { child } = await manyWorkers({ [name]: await value() })
    await child.says(/Registered/)
    await child.end('SIGTERM')
    const refused = child.output.match(/^ended rejected .*/gm) ?? []
    expect(refused).toHaveLength(MANY - 1)
    for (const each of refused) expect(each).toMatch(reason)
    expect(child.output).not.toContain('warned')
  },
)
