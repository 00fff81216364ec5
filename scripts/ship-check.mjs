// @ts-check
/**
 * Installs the tarball into an empty folder, as a user would, and runs every program of `examples/` there. The installed
 * command runs each worker against the embedded orchestrator of the package, and creates new projects. The test kit runs under
 * each test runner. Needs `dist/` and the registry. `--projects` only creates new projects.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { isMain } from './is-main.mjs'
import { prepareRunners } from './pack/runners.mjs'
import { checkScaffold } from './pack/scaffold.mjs'
import { installInto, pack, run } from './pack/tarball.mjs'

/**
 * The same jobs for each schema library.
 * @type {Trial[]}
 */
const mails = [
  {
    task: 'mail',
    params: { to: ['you@example.org'] },
    ends: 'finished',
    history: { sent: 1, subject: '(no subject)' },
  },
  { task: 'mail', params: { to: [] }, ends: 'failed' },
  { task: 'mail', ends: 'failed' },
]

/** @typedef {{ task: string, params?: object, ends: string, history?: object }} Trial */

/**
 * The jobs for each worker or folder of tasks, and the expected end of each job.
 * @type {Record<string, Trial[]>}
 */
export const trials = {
  'hello.ts': [
    { task: 'hello', params: { name: 'you' }, ends: 'finished', history: { greeting: 'Hello, you!' } },
  ],
  'params-class.ts': [
    { task: 'crop', params: { width: 3 }, ends: 'finished', history: { pixels: 9 } },
    { task: 'crop', ends: 'failed' },
  ],
  'params-schema.ts': mails,
  'params-valibot.ts': mails,
  'params-arktype.ts': mails,
  'params-json-schema.ts': mails,
  'typed-results.ts': [
    { task: 'rate', params: { text: 'fine text' }, ends: 'finished', history: { score: 0.9 } },
    { task: 'rate', params: { text: 'meh' }, ends: 'review', history: { score: 0.3 } },
    { task: 'rate', params: { text: 'more than ten letters' }, ends: 'quarantined' },
  ],
  'large-integers.ts': [
    {
      task: 'next_order',
      params: { id: 9_007_199_254_740_993n },
      ends: 'finished',
      history: { next: 9_007_199_254_740_994n },
    },
  ],
  'results.ts': [
    { task: 'judge', params: { text: 'well written' }, ends: 'finished', history: { score: 1 } },
    { task: 'judge', params: { text: 'meh' }, ends: 'review', history: { score: 0.3 } },
    { task: 'judge', params: { text: 'busy' }, ends: 'quarantined' },
    { task: 'judge', params: { text: '\u0000' }, ends: 'quarantined' },
    { task: 'judge', params: { text: 5 }, ends: 'failed' },
  ],
  'errors.ts': [
    {
      task: 'measure_page',
      params: { url: 'data:text/plain,hello' },
      ends: 'finished',
      history: { bytes: 5 },
    },
    { task: 'measure_page', params: { url: 'nonsense' }, ends: 'failed' },
    { task: 'measure_page', params: { url: 'http://127.0.0.1:9/' }, ends: 'quarantined' },
  ],
  'report-failures.ts': [
    { task: 'divide', params: { by: 2 }, ends: 'finished', history: { quotient: 21 } },
    { task: 'divide', params: { by: 0 }, ends: 'quarantined' },
  ],
  'cancel.ts': [
    { task: 'render', ends: 'finished', history: { frames: 3 } },
    { task: 'render', params: { frames: 0 }, ends: 'failed' },
  ],
  'limits.ts': [
    { task: 'upscale_video', ends: 'finished' },
    { task: 'blur_faces', ends: 'finished' },
    { task: 'transcribe', ends: 'finished' },
    { task: 'report', ends: 'finished', history: { pages: 3 } },
  ],
  'middleware.ts': [{ task: 'bill', ends: 'finished', history: { tenant: 'none' } }],
  'skills.ts': [
    {
      task: 'translate',
      params: { text: 'hallo' },
      ends: 'finished',
      history: { text: 'hallo (in English)' },
    },
  ],
  'own-logger.ts': [
    { task: 'invite', params: { email: 'you@example.org' }, ends: 'finished', history: { invited: true } },
  ],
  'files.ts': [
    {
      task: 'count_words',
      params: { text: 'one two three' },
      ends: 'finished',
      history: { words: 3, written: ['words.json'] },
    },
    // No object store runs here, so the file does not exist.
    { task: 'shout', params: { text_file: 'nowhere.txt' }, ends: 'quarantined' },
  ],
  'folder-store.ts': [
    {
      task: 'shout',
      params: { text: 'hello', name: 'loud.txt' },
      ends: 'finished',
      history: { uri: 's3://notes/loud.txt', size: 5 },
    },
    { task: 'shout', params: { text: 'hello', name: '../../up.txt' }, ends: 'failed' },
  ],
  'hot-cache.ts': [{ task: 'draw', ends: 'finished', history: { models: 2 } }],
  tasks: [
    { task: 'resize', params: { width: 320 }, ends: 'finished', history: { width: 320 } },
    { task: 'resize', params: { width: -1 }, ends: 'failed' },
  ],
  'deploy/worker.js': [
    {
      task: 'resize_image',
      params: { source: 'cat.jpg', fitInto: 320 },
      ends: 'finished',
      history: { source: 'cat.jpg', fitInto: 320 },
    },
  ],
}

/** Programs that end by themselves, and a line of their output. */
export const programs = {
  'embedded.ts': 'finished { doubled: 42 }',
  'pausing.ts': 'draw is waiting_for_worker\ndraw is finished',
  'several-orchestrators.ts': 'main → spare\nspare → main',
  'adding-tasks.ts': '{ tripled: 42 }',
  'tracing.ts':
    'multiply is in process double, process double is in the job, settle double is in process double',
  'demo/main.ts': '4 of 5 pictures are resized, in demo-output/',
}

/** Files that run elsewhere, and where. */
export const parts = {
  'demo/': 'demo/main.ts imports them',
  'image-worker/': 'demo/main.ts starts the worker',
  'migration/': 'test/interop/migration.test.ts runs both workers',
  'orchestrator/orchestrator.py': 'test/interop/production.test.ts starts it, with Redis',
  'picture-service/': 'test/interop/tutorials/picture-service.test.ts follows the tutorial',
  'pictures/make.mjs': 'it made the pictures, and is not in the package',
  'review-flow/': 'test/interop/tutorials/review-flow.test.ts follows the tutorial',
}

/**
 * Returns the programs in `examples/` that nothing runs.
 * @param {readonly string[]} paths below `examples/`
 */
export const neverRun = (paths) => {
  const run = [...Object.keys(trials), ...Object.keys(programs), ...Object.keys(parts)]
  return paths.filter(
    (path) =>
      /\.(ts|tsx|js|mjs|cjs|py)$/.test(path) && !run.some((each) => path === each || isBelow(path, each)),
  )
}

/** @param {string} path @param {string} folder */
const isBelow = (path, folder) => path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)

/** The packages that the examples import besides this one. */
const companions = [
  '@opentelemetry/api',
  '@opentelemetry/sdk-trace-node',
  'arktype',
  'pino',
  'sharp',
  'tsx',
  'valibot',
  'zod',
]

/**
 * @param {string} folder an empty one
 * @returns the tarball of the package
 */
const install = (folder) => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const versions = { ...dependencies, ...devDependencies }
  const wanted = companions.map((name) => `${name}@${versions[name]}`)
  const { tarball } = pack(folder)
  installInto(folder, [tarball, pack(folder, './create-avtomatika-worker').tarball, ...wanted])
  return tarball
}

/** @param {string} folder */
const checkExamples = async (folder) => {
  cpSync('examples', join(folder, 'examples'), { recursive: true })
  await report('every example is run', () => checkAllRun())
  for (const file of Object.keys(trials)) await report(`examples/${file}`, () => runWorker(folder, file))
  for (const [file, line] of Object.entries(programs)) {
    await report(`examples/${file}`, () => runProgram(folder, file, line))
  }
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
    const jobs = trials[file] ?? []
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
  const env = { ...process.env, LOG_LEVEL: 'error' }
  const output = run(process.execPath, ['--import', 'tsx', `examples/${file}`], folder, env)
  if (!output.includes(line)) throw new Error(`the output lacks "${line}":\n${output}`)
  return line
}

const checkAllRun = async () => {
  const paths = readdirSync('examples', { recursive: true, encoding: 'utf8' })
  const missing = neverRun(paths)
  if (missing.length > 0)
    throw new Error(`add to trials, programs or parts in scripts/ship-check.mjs: ${missing.join(', ')}`)
  return `${Object.keys(trials).length} workers, ${Object.keys(programs).length} programs`
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
    const tarball = install(folder)
    if (!process.argv.includes('--projects')) {
      await checkExamples(folder)
      for (const { what, check } of prepareRunners(join(folder, 'runners'), tarball))
        await report(what, check)
    }
    for (const language of /** @type {const} */ (['typescript', 'javascript'])) {
      await report(`a new ${language} project`, () => checkScaffold(folder, language))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (isMain(import.meta.url)) await main()
