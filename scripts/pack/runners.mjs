// @ts-check
/** Runs tests that use the test kit, with each test runner: `node:test` for JavaScript and TypeScript, and jest. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installInto } from './tarball.mjs'

const JEST = 'jest@30.5.2'

const worker = `import { Worker } from 'avtomatika-worker'
const worker = new Worker().task('double', ({ n }) => ({ doubled: 2 * Number(n) }))
export default worker
`

/** What each test does. It returns values, and each runner compares them with its own assertions. */
const acts = `import { fileURLToPath } from 'node:url'
import { leakCheck, runTask, startOrchestrator } from 'avtomatika-worker/testing'
import worker from './worker.EXT'

const FILE = fileURLToPath(new URL('worker.EXT', import.meta.url))

export const oneTask = async () => (await runTask(worker, 'double', { n: 21 })).outcome

/** A job whose worker is killed, and the worker that does the job. */
export const killed = async () => {
  const leaks = leakCheck()
  const orchestrator = await startOrchestrator()
  const first = await orchestrator.startWorker(FILE)
  await orchestrator.killWorker(first)
  const { id } = await orchestrator.createJob({ task: 'double', params: { n: 4 } })
  await orchestrator.startWorker(FILE)
  const { status, history } = await orchestrator.waitForJob(id)
  await orchestrator.close()
  await leaks.check()
  return { ended: await first.ended, status, history: { ...history } }
}

/** Closes an orchestrator that got a request that no worker sends. */
export const unexpected = async () => {
  const orchestrator = await startOrchestrator()
  await (await fetch(\`\${orchestrator.url}/_worker/nowhere\`)).text()
  await orchestrator.close()
}
`

const passing = `
test('one task', async () => {
  const { status, data } = await oneTask()
  EQUAL({ status, ...data }, { status: 'success', doubled: 42 })
})
test('a worker is killed', async () => {
  EQUAL(await killed(), { ended: 'SIGKILL', status: 'finished', history: { doubled: 8 } })
})
`

const failing = `
test('an unexpected request', () => unexpected())
`

/**
 * `options` are `NODE_OPTIONS`.
 * @type {Record<string, { extension: string, head: string, equal: string, args: (file: string) => string[],
 *   options?: string }>}
 */
const runners = {
  'node:test, JavaScript': {
    extension: 'js',
    head: "import assert from 'node:assert/strict'\nimport { test } from 'node:test'\n",
    equal: 'assert.deepEqual(ACTUAL, EXPECTED)',
    args: (file) => ['--test', file],
  },
  'node:test, TypeScript': {
    extension: 'ts',
    head: "import assert from 'node:assert/strict'\nimport { test } from 'node:test'\n",
    equal: 'assert.deepEqual(ACTUAL, EXPECTED)',
    args: (file) => ['--import', 'tsx', '--test', file],
  },
  jest: {
    extension: 'js',
    head: '',
    equal: 'expect(ACTUAL).toEqual(EXPECTED)',
    args: (file) => ['node_modules/jest/bin/jest.js', '--runTestsByPath', file],
    options: '--experimental-vm-modules',
  },
}

/**
 * Writes the tests into new folders in which the package is installed.
 *
 * @param {string} folder a new one
 * @param {string} tarball of the package
 * @returns {{ what: string, check: () => Promise<string> }[]} `check` rejects if a runner is wrong about a test
 */
export const prepareRunners = (folder, tarball) => {
  installInto(folder, [tarball, 'tsx', JEST])
  return Object.entries(runners).map(([what, runner]) => ({
    what: `the test kit under ${what}`,
    check: async () => checkRunner(folder, what.replace(/\W+/g, '-'), runner),
  }))
}

/** @param {string} folder @param {string} name @param {(typeof runners)[string]} runner */
const checkRunner = (folder, name, { extension, head, equal, args, options }) => {
  const own = join(folder, name)
  mkdirSync(own)
  const write = (/** @type {string} */ file, /** @type {string} */ code) =>
    writeFileSync(join(own, file), code.replaceAll('.EXT', `.${extension}`))
  const assertion = (/** @type {string} */ code) =>
    code.replace(/EQUAL\((.+?), (\{.+\})\)/g, (_, actual, expected) =>
      equal.replace('ACTUAL', actual).replace('EXPECTED', expected),
    )
  const imports = `${head}import { killed, oneTask, unexpected } from './acts.EXT'\n`
  write(`worker.${extension}`, worker)
  write(`acts.${extension}`, acts)
  write(`passes.test.${extension}`, imports + assertion(passing))
  write(`fails.test.${extension}`, imports + failing)

  const passed = runTests(folder, args(`${name}/passes.test.${extension}`), options)
  if (passed.status !== 0) throw new Error(`tests failed:\n${passed.output}`)
  const failed = runTests(folder, args(`${name}/fails.test.${extension}`), options)
  if (failed.status !== 1 || !failed.output.includes('/_worker/nowhere was answered 401'))
    throw new Error(
      `an unexpected request did not fail its test (exit code ${failed.status}):\n${failed.output}`,
    )
  return '2 tests pass, 1 test with an unexpected request fails'
}

/** @param {string} cwd @param {string[]} args @param {string} [options] */
const runTests = (cwd, args, options) => {
  const env = { ...process.env, ...(options && { NODE_OPTIONS: options }) }
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd,
    env,
    encoding: 'utf8',
    timeout: 120_000,
  })
  return { status, output: `${stdout}\n${stderr}` }
}
