// @ts-check
/**
 * Runs every check of the project. Each check is an npm script of its own.
 *
 *   node scripts/verify.mjs         quick checks first; stops at the first failure
 *   node scripts/verify.mjs --all   tests first; does not stop at a failure; also tests on other versions of Node
 *
 * The last line is `N passed, N failed`. It counts the tests, and one more failure for each other check that failed. Above
 * it is a line for each failed check, after the lines of that check that begin with `FAILED`.
 */
import { spawn } from 'node:child_process'
import { isMain } from './is-main.mjs'

const minute = 60_000

/**
 * The npm script of each check, and its time limit. The package checks need the output of the build.
 * @type {Step[]}
 */
const steps = [
  { name: 'format', limitMs: 2 * minute },
  { name: 'lint', limitMs: 2 * minute },
  { name: 'types', limitMs: 2 * minute },
  { name: 'layers', limitMs: 2 * minute },
  { name: 'unused', limitMs: 2 * minute },
  { name: 'readme:check', limitMs: minute },
  { name: 'licenses:check', limitMs: minute },
  { name: 'llms:check', limitMs: minute },
  { name: 'reference:check', limitMs: 2 * minute },
  { name: 'test', limitMs: 22 * minute },
  { name: 'build', limitMs: 2 * minute },
  { name: 'api', limitMs: 2 * minute },
  { name: 'pack:check', limitMs: 6 * minute },
  { name: 'nodes', limitMs: 9 * minute, onlyWithAll: true },
]

/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */
/** @typedef {{ name: string, limitMs: number, onlyWithAll?: boolean }} Step */
/** @typedef {{ name: string, ok: boolean, why: string, output: string }} Outcome */

/**
 * Returns the last `N passed, N failed` in the output of a test run.
 * @param {string} output
 * @returns {Tally}
 */
export const tallyIn = (output) => {
  const line = [...output.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)].at(-1)
  return { passed: Number(line?.[1] ?? 0), failed: Number(line?.[2] ?? 0), skipped: Number(line?.[3] ?? 0) }
}

/**
 * Returns the lines that name what failed, in the output of a check.
 * @param {string} output
 */
const failuresIn = (output) => output.match(/^FAILED .+$/gm) ?? []

/**
 * Returns the last line. If failed tests explain the failure of a check, the check does not count once more.
 * @param {readonly Outcome[]} outcomes
 */
export const closingLine = (outcomes) => {
  const sum = { passed: 0, failed: 0, skipped: 0 }
  for (const { name, ok, output } of outcomes) {
    const tally = name === 'test' ? tallyIn(output) : { passed: 0, failed: 0, skipped: 0 }
    sum.passed += tally.passed
    sum.skipped += tally.skipped
    sum.failed += ok || tally.failed > 0 ? tally.failed : 1
  }
  return `${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}`
}

/** @param {number | undefined} pid */
const killGroup = (pid) => {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // The process has already ended.
  }
}

/**
 * Runs one npm script in a process group of its own, shows its output, and kills it after its time limit.
 * @param {Step} step
 * @returns {Promise<Outcome>}
 */
const runStep = ({ name, limitMs }) =>
  new Promise((resolve) => {
    const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}
    const child = spawn('npm', ['run', '--silent', name], {
      detached: true,
      env: { ...process.env, ...color },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let why = ''
    const timer = setTimeout(() => {
      why = `killed after its limit of ${limitMs / minute} min`
      killGroup(child.pid)
    }, limitMs)
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
      process.stdout.write(text)
    })
    child.stderr.on('data', (bytes) => process.stderr.write(bytes))
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ name, ok: code === 0, why: why || `exit code ${code ?? signal}`, output })
    })
  })

/** @param {boolean} all */
const order = (all) => {
  if (!all) return steps.filter(({ onlyWithAll }) => !onlyWithAll)
  const isTest = (/** @type {Step} */ { name }) => name === 'test'
  return [...steps.filter(isTest), ...steps.filter((step) => !isTest(step))]
}

/** @param {boolean} all */
const main = async (all) => {
  /** @type {Outcome[]} */
  const outcomes = []
  const chosen = order(all)
  for (const step of chosen) {
    const startedAt = performance.now()
    console.log(`\n── ${step.name}`)
    const outcome = await runStep(step)
    outcomes.push(outcome)
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    console.log(`${outcome.ok ? 'ok' : 'FAILED'} ${step.name} (${seconds} s)`)
    if (!outcome.ok && !all) break
  }
  const failures = outcomes.filter(({ ok }) => !ok)
  console.log(`\n── ${outcomes.length - failures.length} of ${chosen.length} checks passed`)
  for (const { name, why, output } of failures) {
    for (const line of failuresIn(output)) console.log(line)
    console.log(`FAILED ${name}: ${why} (again: npm run ${name})`)
  }
  console.log(`\n${closingLine(outcomes)}`)
  process.exitCode = failures.length > 0 ? 1 : 0
}

if (isMain(import.meta.url)) await main(process.argv.includes('--all'))
