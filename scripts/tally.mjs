// @ts-check
/**
 * A vitest reporter that ends the output with a line for each failure, and the line `N passed, N failed`, with
 * `, N skipped` if tests were skipped. People, scripts and CI systems read the same lines.
 */

/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */

/** How much of an error is shown, in characters: what was hoped for, and the end of what was seen. */
const START = 300
const END = 1_000

/** @param {string} text */
const onOneLine = (text) => {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length <= START + END ? line : `${line.slice(0, START)} […] ${line.slice(-END)}`
}

/**
 * @param {string} where
 * @param {readonly { message?: unknown }[] | undefined} errors
 */
const failureLine = (where, [error] = []) =>
  `FAILED ${where}: ${onOneLine(String(error?.message ?? 'did not end'))}`

/** @param {import('vitest/node').TestModule} module */
const failuresIn = (module) => {
  const file = module.relativeModuleId
  const suites = [...module.children.allSuites()].map((suite) => ({
    where: `${file} > ${suite.fullName}`,
    errors: suite.errors(),
  }))
  const broken = [{ where: file, errors: module.errors() }, ...suites].filter(
    ({ errors }) => errors.length > 0,
  )
  const tests = [...module.children.allTests()].map((test) => ({
    where: `${file} > ${test.fullName}`,
    ...test.result(),
  }))
  const failed = tests.filter(({ state }) => state === 'failed' || state === 'pending')
  return [...broken, ...failed].map(({ where, errors }) => failureLine(where, errors))
}

/**
 * Returns a line for each failure. A file that could not be loaded, a suite whose hooks failed and an error outside of all
 * tests count as one failure each. A failed run never ends with a successful line.
 * @param {readonly import('vitest/node').TestModule[]} modules
 * @param {readonly unknown[]} unhandledErrors
 */
const failureLines = (modules, unhandledErrors) => [
  ...modules.flatMap(failuresIn),
  ...unhandledErrors.map((error) => failureLine('outside of all tests', [Object(error)])),
]

/**
 * @param {readonly import('vitest/node').TestModule[]} modules
 * @param {'passed' | 'skipped'} state
 */
const count = (modules, state) =>
  modules.reduce((sum, { children }) => sum + [...children.allTests(state)].length, 0)

/** @param {Tally} tally */
export const tallyLine = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

/** A run without any result counts as a failure, for example if the global setup failed. */
const nothingRan = { passed: 0, failed: 1, skipped: 0 }

export default class TallyReporter {
  #tally = nothingRan
  /** @type {readonly string[]} */
  #failures = []

  onInit() {
    // Written at the exit of the process, because other reporters print until then.
    process.once('exit', () => {
      const lines = [...this.#failures.map((line) => `${line}\n`), '\n', tallyLine(this.#tally)]
      process.stdout.write(`\n${lines.join('').trimStart()}\n`)
    })
  }

  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    this.#failures = failureLines(modules, unhandledErrors)
    const failed = this.#failures.length
    const tally = { passed: count(modules, 'passed'), failed, skipped: count(modules, 'skipped') }
    this.#tally = Object.values(tally).some((number) => number > 0) ? tally : nothingRan
    if (this.#tally.failed > 0) process.exitCode = 1
  }
}
