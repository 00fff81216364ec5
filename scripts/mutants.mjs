// @ts-check
/**
 * Changes the code in small ways, one at a time, and tells which of the changes no test notices.
 *
 *   npm run mutants -- --folder src/delivery --count 20 --seed 1
 *   npm run mutants -- --folder src/delivery --list
 *
 * Each change is tried in a copy of the tree, against the unit, protocol and integration tests whose imports lead to the
 * changed file, until one fails. A change that survives is a hole in the tests, or makes no difference that anybody
 * could notice. Tests of the built package do not see the change.
 */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMain } from './is-main.mjs'
import { apply, mutationsIn, sample } from './mutants/mutations.mjs'
import { relatedTests } from './mutants/related.mjs'
import { filesOfTree } from './mutants/tree.mjs'

/** @typedef {import('./mutants/mutations.mjs').Mutation & { path: string }} Mutant */
/** @typedef {{ fate: 'killed' | 'survived' | 'timeout' | 'untested', by: string }} Verdict */
/** @typedef {{ failed: string | undefined, isLate: boolean }} Run */

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Tried one after another: what takes milliseconds first. */
const STAGES = [/^test\/(unit|protocol)\//, /^test\/integration\//]

const COPY_PREFIX = 'avtomatika-mutants-'

/**
 * The changes that can be made to the files of a folder.
 * @param {readonly string[]} files
 * @param {string} folder
 * @returns {Mutant[]}
 */
const mutantsIn = (files, folder) =>
  files
    .filter((path) => path.startsWith(`${folder.replace(/\/$/, '')}/`) || path === folder)
    .filter((path) => path.startsWith('src/') && path.endsWith('.ts'))
    .flatMap((path) =>
      mutationsIn(path, readFileSync(join(ROOT, path), 'utf8')).map((mutation) => ({ path, ...mutation })),
    )

/** @param {readonly string[]} files */
const copyTree = (files) => {
  const copy = mkdtempSync(join(tmpdir(), COPY_PREFIX))
  for (const path of files) cpSync(join(ROOT, path), join(copy, path))
  for (const name of ['node_modules', 'dist'])
    if (existsSync(join(ROOT, name))) symlinkSync(join(ROOT, name), join(copy, name))
  return copy
}

/** @param {number | undefined} pid */
const killGroup = (pid) => {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}

/**
 * The first test that failed, by vitest's JSON report.
 * @param {string} report
 */
const failureIn = (report) => {
  /** @type {{ success: boolean, testResults: { name: string, status: string, message: string, assertionResults: { status: string, fullName: string }[] }[] }} */
  const { success, testResults } = JSON.parse(readFileSync(report, 'utf8'))
  if (success) return undefined
  for (const { name, assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed')
    if (failed) return `${name.replace(/^.*\/test\//, '')} "${failed.fullName}"`
  }
  const broken = testResults.find(({ status }) => status === 'failed')
  return broken ? `${broken.name.replace(/^.*\/test\//, '')} (not loaded)` : 'an error outside of any test'
}

/**
 * Runs test files in the copy, until one fails or the time is over.
 * @param {string} copy
 * @param {readonly string[]} tests
 * @param {number} limitMs
 * @returns {Promise<Run>}
 */
const runTests = (copy, tests, limitMs) =>
  new Promise((resolve) => {
    const report = join(copy, 'report.json')
    rmSync(report, { force: true })
    const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
    const options = ['run', '--bail', '1', '--no-cache', '--reporter', 'json', '--outputFile', report]
    const child = spawn(process.execPath, [vitest, ...options, ...tests], {
      cwd: copy,
      detached: true,
      stdio: 'ignore',
    })
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      killGroup(child.pid)
    }, limitMs)
    child.once('close', (code) => {
      clearTimeout(timer)
      killGroup(child.pid)
      if (isLate) return resolve({ failed: undefined, isLate })
      const failed = existsSync(report) ? failureIn(report) : 'vitest itself'
      resolve({ failed: code === 0 ? undefined : failed, isLate })
    })
  })

/**
 * @param {string} copy
 * @param {Mutant} mutant
 * @param {readonly string[]} tests the nearest first
 * @param {(tests: readonly string[]) => number} limitFor
 * @returns {Promise<Verdict>}
 */
const judge = async (copy, mutant, tests, limitFor) => {
  if (tests.length === 0) return { fate: 'untested', by: '' }
  const file = join(copy, mutant.path)
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, apply(text, mutant))
  try {
    for (const stage of STAGES) {
      const chosen = tests.filter((test) => stage.test(test))
      if (chosen.length === 0) continue
      const { failed, isLate } = await runTests(copy, chosen, limitFor(chosen))
      if (isLate) return { fate: 'timeout', by: '' }
      if (failed !== undefined) return { fate: 'killed', by: failed }
    }
    return { fate: 'survived', by: '' }
  } finally {
    writeFileSync(file, text)
  }
}

/** @param {Mutant} mutant */
const nameOf = ({ path, line, what, code, text }) => {
  const short = code.length > 60 ? `${code.slice(0, 57)}…` : code
  const to = text.length > 24 || what === 'block emptied' ? '' : ` → ${text}`
  return `${path}:${line}  ${what}: ${short}${to}`
}

/** How long the tests take that are wanted, without any change; every later run may take some times as long. */
const SLACK = 4
const LEAST_MS = 120_000

/**
 * @param {readonly Mutant[]} mutants
 * @param {readonly string[]} files
 */
const tryAll = async (mutants, files) => {
  const related = relatedTests(
    ROOT,
    files.filter((path) => path.endsWith('.test.ts') && STAGES.some((stage) => stage.test(path))),
  )
  const testsOf = new Map(mutants.map(({ path }) => [path, related(path).map(({ test }) => test)]))
  const copy = copyTree(files)
  const cleanUp = () => rmSync(copy, { recursive: true, force: true })
  process.once('SIGINT', () => process.exit(130))
  process.once('exit', cleanUp)

  const all = [...new Set([...testsOf.values()].flat())]
  console.log(`${all.length} related test files, first without any change`)
  const startedAt = performance.now()
  const { failed } = await runTests(copy, all, 3_600_000)
  if (failed !== undefined) throw new Error(`The tests fail without any change: ${failed}`)
  const limitMs = LEAST_MS + SLACK * (performance.now() - startedAt)

  /** @type {Record<Verdict['fate'], number>} */
  const counts = { killed: 0, survived: 0, timeout: 0, untested: 0 }
  for (const mutant of mutants) {
    const { fate, by } = await judge(copy, mutant, testsOf.get(mutant.path) ?? [], () => limitMs)
    counts[fate]++
    console.log(`${fate.padEnd(8)}  ${nameOf(mutant)}${by && `\n          by ${by}`}`)
  }
  const noticed = counts.killed + counts.timeout
  const rate = mutants.length === 0 ? 100 : Math.round((100 * noticed) / mutants.length)
  console.log(
    `\n${noticed} of ${mutants.length} noticed (${rate} %): ${counts.killed} killed, ${counts.timeout} out of time, ` +
      `${counts.survived} survived, ${counts.untested} without a test`,
  )
}

const main = async () => {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string', default: 'src' },
      count: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      list: { type: 'boolean', default: false },
    },
  })
  const files = filesOfTree(ROOT)
  const found = mutantsIn(files, values.folder)
  if (found.length === 0)
    throw new Error(`There is nothing to change in ${values.folder}: name a folder or file below src/`)
  const mutants = sample(found, Number(values.count), Number(values.seed))
  console.log(`${mutants.length} of ${found.length} changes in ${values.folder}, seed ${values.seed}`)
  if (values.list) for (const mutant of mutants) console.log(nameOf(mutant))
  else await tryAll(mutants, files)
}

if (isMain(import.meta.url)) await main()
