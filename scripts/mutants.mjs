// @ts-check
/**
 * Changes the code in small ways, one at a time, and tells which of the changes no test notices.
 *
 *   npm run mutants -- --folder src/delivery --count 20 --seed 1
 *   npm run mutants -- --folder src/delivery --count 20 --seed 1 --within 240
 *   npm run mutants -- --folder src/delivery --list
 *
 * Each change is tried in a copy of the tree, against the unit, protocol, integration and S3 tests that reach the
 * changed code, until one fails. With `--within`, those that take so many seconds together have to do, the likeliest first.
 * A change that survives is a hole in the tests, or makes no difference that anybody could notice. Tests of the built
 * package do not see the change.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMain } from './is-main.mjs'
import { apply, mutationsIn, sample } from './mutants/mutations.mjs'
import { reachedIn, withCalls } from './mutants/reached.mjs'
import { relatedTests } from './mutants/related.mjs'
import { createTestRunner } from './mutants/test-runner.mjs'
import { filesOfTree } from './mutants/tree.mjs'

/** @typedef {import('./mutants/mutations.mjs').Mutation & { path: string }} Mutant */
/** @typedef {{ fate: 'killed' | 'survived' | 'timeout' | 'untested', by: string }} Verdict */

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const NOTE_REACHED = fileURLToPath(new URL('./mutants/note-reached.mjs', import.meta.url))

/** Tried one after another: what takes milliseconds first. */
const STAGES = [/^test\/(unit|protocol)\//, /^test\/integration\//, /^test\/s3\//]

/** @param {readonly string[]} tests */
const inStages = (tests) =>
  STAGES.map((stage) => tests.filter((test) => stage.test(test))).filter((chosen) => chosen.length > 0)

/** How long no test may end: at first, later at least, and how many times as long as the longest one takes without any change. */
const FIRST_IDLE_MS = 600_000
const LEAST_IDLE_MS = 45_000
const SLACK = 3

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

/**
 * The test files that are likely to notice a change soon come first: those that have noticed one in the same folder, then
 * those that are quick, or named after the folder or the file.
 * @param {string} path
 * @param {readonly string[]} tests
 * @param {ReadonlyMap<string, number>} tookMs
 * @param {ReadonlySet<string>} noticed
 */
const soonestFirst = (path, tests, tookMs, noticed) => {
  const words = path.replace(/\.ts$/, '').split('/').slice(1)
  const likeness = (/** @type {string} */ test) => words.filter((word) => test.includes(word)).length
  const weight = (/** @type {string} */ test) =>
    (tookMs.get(test) ?? 0) / 3 ** (likeness(test) + (noticed.has(test) ? 4 : 0))
  return tests.toSorted((one, other) => weight(one) - weight(other))
}

/**
 * As many of the tests as take so long together, one after another.
 * @param {readonly string[]} tests
 * @param {ReadonlyMap<string, number>} tookMs
 * @param {number} limitMs
 */
const within = (tests, tookMs, limitMs) => {
  let sumMs = 0
  return tests.filter((test) => {
    sumMs += tookMs.get(test) ?? 0
    return sumMs <= limitMs
  })
}

/**
 * Runs the related tests without any change, and finds out which of them reach which of the mutants.
 * @param {string} copy
 * @param {readonly Mutant[]} mutants
 * @param {readonly string[]} tests
 * @param {ReturnType<typeof createTestRunner>} runner
 */
const runUnchanged = async (copy, mutants, tests, runner) => {
  const module = join(copy, relative(ROOT, NOTE_REACHED))
  const notes = join(copy, 'reached')
  mkdirSync(notes)
  const paths = [...new Set(mutants.map(({ path }) => path))]
  for (const path of paths) {
    const spots = mutants.flatMap(({ path: of, spot }, number) =>
      of === path && spot ? [{ number, spot }] : [],
    )
    writeFileSync(join(copy, path), withCalls(readFileSync(join(copy, path), 'utf8'), spots, module))
  }
  /** @type {Map<string, number>} */
  const tookMs = new Map()
  let idleMs = LEAST_IDLE_MS
  for (const chosen of inStages(tests)) {
    const { failed, longestMs, files } = await runner.run({ changed: [], tests: chosen }, FIRST_IDLE_MS)
    if (failed !== undefined) throw new Error(`The tests fail without any change: ${failed}`)
    for (const [test, ms] of files) tookMs.set(test, ms)
    idleMs = Math.max(idleMs, SLACK * longestMs)
  }
  for (const path of paths) cpSync(join(ROOT, path), join(copy, path))
  runner.end()
  return { idleMs, tookMs, isReached: reachedIn(notes) }
}

/**
 * @param {string} copy
 * @param {Mutant} mutant
 * @param {readonly string[]} tests the nearest first
 * @param {ReturnType<typeof createTestRunner>} runner
 * @param {number} idleMs
 * @returns {Promise<Verdict>}
 */
const judge = async (copy, mutant, tests, runner, idleMs) => {
  if (tests.length === 0) return { fate: 'untested', by: '' }
  const file = join(copy, mutant.path)
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, apply(text, mutant))
  try {
    for (const chosen of inStages(tests)) {
      const { failed, isLate } = await runner.run({ changed: [mutant.path], tests: chosen }, idleMs)
      if (isLate) return { fate: 'timeout', by: '' }
      // A test that failed in the middle may have left a process behind.
      if (failed !== undefined && !STAGES[0]?.test(chosen[0] ?? '')) runner.end()
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

/** @param {string} path */
const folderOf = (path) => path.split('/').slice(0, 2).join('/')

/**
 * @param {readonly Mutant[]} mutants
 * @param {readonly string[]} files
 * @param {number} limitMs
 */
const tryAll = async (mutants, files, limitMs) => {
  const related = relatedTests(
    ROOT,
    files.filter((path) => path.endsWith('.test.ts') && STAGES.some((stage) => stage.test(path))),
  )
  const testsOf = new Map(mutants.map(({ path }) => [path, related(path).map(({ test }) => test)]))
  const copy = copyTree(files)
  const runner = createTestRunner(copy)
  const cleanUp = () => {
    runner.end()
    rmSync(copy, { recursive: true, force: true })
  }
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
    process.once(signal, () => process.exit(130))
  process.once('exit', cleanUp)

  const all = [...new Set([...testsOf.values()].flat())]
  console.log(`${all.length} related test files, first without any change`)
  const { idleMs, tookMs, isReached } = await runUnchanged(copy, mutants, all, runner)

  /** @type {Record<Verdict['fate'], number>} */
  const counts = { killed: 0, survived: 0, timeout: 0, untested: 0 }
  /** @type {Map<string, Set<string>>} */
  const noticedIn = new Map()
  for (const [number, mutant] of mutants.entries()) {
    const noticed = noticedIn.get(folderOf(mutant.path)) ?? new Set()
    noticedIn.set(folderOf(mutant.path), noticed)
    const reaching = (testsOf.get(mutant.path) ?? []).filter(
      (test) => !mutant.spot || isReached(number, test),
    )
    const tests = within(soonestFirst(mutant.path, reaching, tookMs, noticed), tookMs, limitMs)
    const { fate, by } = await judge(copy, mutant, tests, runner, idleMs)
    const first = tests.find((path) => by.startsWith(path.replace('test/', '')))
    if (first) noticed.add(first)
    counts[fate]++
    const which = by ? `by ${by}` : `${tests.length} of ${reaching.length} test files that reach it`
    console.log(`${fate.padEnd(8)}  ${nameOf(mutant)}\n          ${which}`)
  }
  cleanUp()
  const count = counts.killed + counts.timeout
  const rate = mutants.length === 0 ? 100 : Math.round((100 * count) / mutants.length)
  console.log(
    `\n${count} of ${mutants.length} noticed (${rate} %): ${counts.killed} killed, ${counts.timeout} out of time, ` +
      `${counts.survived} survived, ${counts.untested} without a test`,
  )
}

const main = async () => {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string', default: 'src' },
      count: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      within: { type: 'string', default: 'Infinity' },
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
  else await tryAll(mutants, files, 1_000 * Number(values.within))
}

if (isMain(import.meta.url)) await main()
