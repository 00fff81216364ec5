import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker, WorkerConfig } from 'avtomatika-worker'
import { startOrchestrator } from 'avtomatika-worker/dev'
import { expect, onTestFinished, test } from 'vitest'
import { buildProgram } from '../../../src/cli/program.js'
import { allBlocks } from '../../support/docs/pages.js'
import { inWorld, type Runnable, runnableIn, type World } from '../../support/docs/runnable.js'
import { Child } from '../../support/interop/child-process.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { command } from '../cli/command.js'

const CLIENT_TOKEN = 'client-of-the-documents'
const WORKER_TOKEN = 'worker-of-the-documents'
const runnable = runnableIn(allBlocks())
const curls = runnable.filter(({ program }) => program === 'curl')
const commands = runnable.filter(({ program }) => program === 'avtomatika-worker')

/** The tasks that the documents send. */
const taskNames = new Set([
  'hello',
  ...commands.flatMap(({ args: [first, task = ''] }) => (first === 'send' ? [task] : [])),
])

/** An orchestrator, a worker with a health server, and a finished job. */
const startWorld = async (): Promise<World> => {
  const tokens = { workerToken: WORKER_TOKEN, clientToken: CLIENT_TOKEN }
  const orchestrator = await startOrchestrator({ pollHoldMs: 200, ...tokens })
  onTestFinished(() => orchestrator.close())
  const config = new WorkerConfig({
    ORCHESTRATOR_URL: orchestrator.url,
    WORKER_TOKEN,
    WORKER_PORT: 0,
    WORKER_JOURNAL: false,
    LOG_LEVEL: 'silent',
  })
  const worker = new Worker({ config })
  for (const name of taskNames) worker.task(name, (params) => ({ received: Object.keys(params) }))
  const running = worker.runWithHealthCheck()
  onTestFinished(async () => {
    await worker.stop({ pollGraceMs: 0 })
    await running
  })
  await orchestrator.waitForWorker('hello')
  const { id } = await orchestrator.createJob({ task: 'hello' })
  await orchestrator.waitForJob(id)
  return {
    orchestratorUrl: orchestrator.url,
    healthUrl: `http://127.0.0.1:${worker.healthPort}`,
    clientToken: CLIENT_TOKEN,
    jobId: id,
  }
}

/** Runs a command of a document. Returns its problem. */
const problemOf = async ({ place, args }: Runnable, child: Child): Promise<string | undefined> => {
  const code = await child.ended()
  return code === 0 ? undefined : `${place} ${args.join(' ')}: exit code ${code}\n${child.output}`
}

const problemsOf = async (
  all: readonly Runnable[],
  start: (args: readonly string[]) => Child,
  world: World,
): Promise<readonly string[]> => {
  const problems: string[] = []
  for (const each of all) {
    const problem = await problemOf(each, start(each.args.map((word) => inWorld(word, world))))
    if (problem !== undefined) problems.push(problem)
  }
  return problems
}

const runCommand = (world: World) => {
  const folder = temporaryFolder()
  // Documents name this file in `--env-file .env`.
  writeFileSync(join(folder, '.env'), 'MAX_CONCURRENT_TASKS=2\n')
  const env = { ORCHESTRATOR_URL: world.orchestratorUrl, CLIENT_TOKEN, WORKER_TOKEN }
  return (args: readonly string[]) => command(args, env, folder)
}

test('the commands of the documents that need an orchestrator work', async () => {
  const world = await startWorld()
  expect(commands.length).toBeGreaterThan(2)
  expect(await problemsOf(commands, runCommand(world), world)).toEqual([])
})

test('a wrong command of a document is noticed', async () => {
  const world = await startWorld()
  const wrong = {
    place: 'page.md:1',
    program: 'avtomatika-worker',
    args: ['job', 'no-job-of-this-id'],
  } as const
  expect(await problemsOf([wrong], runCommand(world), world)).toEqual([
    expect.stringContaining('page.md:1 job no-job-of-this-id: exit code 6'),
  ])
})

const hasCurl = spawnSync('curl', ['--version']).status === 0

test('the requests of the documents that curl makes are answered', async ({ skip }) => {
  skip(!hasCurl, 'curl is not installed')
  const world = await startWorld()
  const curl = (args: readonly string[]) => new Child('curl', ['--fail', '--silent', '--show-error', ...args])
  expect(curls.length).toBeGreaterThan(2)
  expect(await problemsOf(curls, curl, world)).toEqual([])
  const wrong = { place: 'page.md:1', program: 'curl', args: ['http://WORKER/statuses'] } as const
  expect(await problemsOf([wrong], curl, world)).toEqual([expect.stringContaining('404')])
})

test('every command has a help', async () => {
  for (const each of buildProgram().commands) {
    const child = command([each.name(), '--help'])
    expect(await child.ended()).toBe(0)
    expect(child.output).toContain(`Usage: avtomatika-worker ${each.name()}`)
  }
})
