// @ts-check
/**
 * Installs the tarball into an empty folder, as a user would, and runs every program of `examples/` there. The installed
 * command runs each worker against the embedded orchestrator of the package, and creates new projects. Needs `dist/` and the
 * registry.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { isMain } from './is-main.mjs'
import { checkScaffold } from './pack/scaffold.mjs'
import { installInto, pack, run } from './pack/tarball.mjs'

/** @typedef {{ task: string, params?: object, ends: string, history?: object }} Trial */

/**
 * The jobs for each worker, and the expected end of each job.
 * @type {Record<string, Trial[]>}
 */
const trials = {
  'hello.ts': [
    { task: 'hello', params: { name: 'you' }, ends: 'finished', history: { greeting: 'Hello, you!' } },
  ],
  'params-class.ts': [
    { task: 'crop', params: { width: 3 }, ends: 'finished', history: { pixels: 9 } },
    { task: 'crop', ends: 'failed' },
  ],
  'params-schema.ts': [
    {
      task: 'mail',
      params: { to: ['you@example.org'] },
      ends: 'finished',
      history: { sent: 1, subject: '(no subject)' },
    },
    { task: 'mail', params: { to: [] }, ends: 'failed' },
  ],
  'results.ts': [
    { task: 'judge', params: { text: 'well written' }, ends: 'finished', history: { score: 1 } },
    { task: 'judge', params: { text: 'meh' }, ends: 'review', history: { score: 0.3 } },
    { task: 'judge', params: { text: 'busy' }, ends: 'quarantined' },
    { task: 'judge', params: { text: '\u0000' }, ends: 'quarantined' },
    { task: 'judge', params: { text: 5 }, ends: 'failed' },
  ],
  'limits.ts': [
    { task: 'upscale_video', ends: 'finished' },
    { task: 'blur_faces', ends: 'finished' },
    { task: 'transcribe', ends: 'finished' },
    { task: 'report', ends: 'finished', history: { pages: 3 } },
  ],
  'middleware.ts': [{ task: 'bill', ends: 'finished', history: { tenant: 'none' } }],
  // No object store runs here, so the file does not exist.
  'files.ts': [{ task: 'shout', params: { text_file: 'nowhere.txt' }, ends: 'quarantined' }],
  'hot-cache.ts': [{ task: 'draw', ends: 'finished', history: { models: 2 } }],
}

/** Programs that end by themselves, and a line of their output. */
const programs = {
  'embedded.ts': 'finished { doubled: 42 }',
  'tracing.ts':
    'multiply is in process double, process double is in the job, settle double is in process double',
  'demo/main.ts': '4 of 5 pictures are resized, in demo-output/',
}

/** The packages that the examples import besides this one. */
const companions = ['@opentelemetry/api', '@opentelemetry/sdk-trace-node', 'sharp', 'tsx', 'zod']

/** @param {string} folder an empty one */
const install = (folder) => {
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const wanted = companions.map((name) => `${name}@${devDependencies[name]}`)
  installInto(folder, [pack(folder).tarball, pack(folder, './create-avtomatika-worker').tarball, ...wanted])
  cpSync('examples', join(folder, 'examples'), { recursive: true })
}

/**
 * @param {import('avtomatika-worker/dev').DevOrchestrator} orchestrator
 * @param {Trial} trial
 */
const tryJob = async (orchestrator, { task, params = {}, ends, history }) => {
  // The orchestrator quarantines a job that no worker can take at that moment.
  await orchestrator.waitForWorker(task)
  const { id } = await orchestrator.createJob({ task, params })
  const job = await orchestrator.waitForJob(id)
  const end = job.state === 'start' ? job.status : job.state
  const isExpected = end === ends && (history === undefined || isDeepStrictEqual({ ...job.history }, history))
  if (!isExpected) throw new Error(`${task}: ${end}, ${JSON.stringify(job.history)}, ${job.errorMessage}`)
}

/** @param {string} folder @param {string} file */
const runWorker = async (folder, file) => {
  const entry = join(folder, 'node_modules/avtomatika-worker/dist/dev/index.js')
  const { startOrchestrator } = await import(pathToFileURL(entry).href)
  const orchestrator = await startOrchestrator({ pollHoldMs: 300 })
  const command = join(folder, 'node_modules/.bin/avtomatika-worker')
  const worker = spawn(command, ['run', `examples/${file}`], {
    cwd: folder,
    env: { ...process.env, ORCHESTRATOR_URL: orchestrator.url, WORKER_PORT: '0', LOG_LEVEL: 'error' },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const ended = once(worker, 'exit')
  try {
    const jobs = trials[file]
    if (!jobs)
      throw new Error('no jobs are defined for this worker: add some to `trials` in scripts/ship-check.mjs')
    await Promise.race([
      orchestrator.waitForWorker(jobs[0]?.task),
      ended.then(([code]) => Promise.reject(new Error(`the worker ended by itself with exit code ${code}`))),
    ])
    for (const trial of jobs) await tryJob(orchestrator, trial)
  } finally {
    worker.kill('SIGTERM')
    await ended
    await orchestrator.close()
  }
  const [code] = await ended
  if (code !== 0) throw new Error(`the worker ended with exit code ${code} after SIGTERM`)
  return `${trials[file]?.length} jobs`
}

/** @param {string} folder @param {string} file @param {string} line */
const runProgram = async (folder, file, line) => {
  const output = run(process.execPath, ['--import', 'tsx', `examples/${file}`], folder)
  if (!output.includes(line)) throw new Error(`the output lacks "${line}":\n${output}`)
  return line
}

/** @param {string} what @param {() => Promise<string>} action */
const report = async (what, action) => {
  try {
    console.log(`ok     ${what}: ${await action()}`)
  } catch (error) {
    console.log(`FAILED ${what}: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
}

const main = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ship-check-'))
  try {
    install(folder)
    for (const file of readdirSync('examples').filter((each) => each.endsWith('.ts'))) {
      if (!(file in programs)) await report(`examples/${file}`, () => runWorker(folder, file))
    }
    for (const [file, line] of Object.entries(programs)) {
      await report(`examples/${file}`, () => runProgram(folder, file, line))
    }
    for (const language of /** @type {const} */ (['typescript', 'javascript'])) {
      await report(`a new ${language} project`, () => checkScaffold(folder, language))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (isMain(import.meta.url)) await main()
