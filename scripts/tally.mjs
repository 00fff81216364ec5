// @ts-check
/**
 * A vitest reporter that prints one line at the end: `N passed, N failed`, and `, N skipped` if tests were skipped.
 * People, scripts and CI systems read the same line.
 */

/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */

/**
 * Counts the results. A file that could not be loaded, a suite whose hooks failed and an error outside of all tests
 * count as one failure each. A failed run never ends with a successful line.
 * @param {readonly import('vitest/node').TestModule[]} modules
 * @param {readonly unknown[]} unhandledErrors
 * @returns {Tally}
 */
export const tallyOf = (modules, unhandledErrors) => {
  const tally = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
  for (const module of modules) {
    const suites = [module, ...module.children.allSuites()]
    tally.failed += suites.filter((suite) => suite.errors().length > 0).length
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      tally[state === 'pending' ? 'failed' : state] += 1
    }
  }
  return tally
}

/** @param {Tally} tally */
export const tallyLine = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

/** A run without any result counts as a failure, for example if the global setup failed. */
const nothingRan = { passed: 0, failed: 1, skipped: 0 }

export default class TallyReporter {
  #tally = nothingRan

  onInit() {
    // Written at the exit of the process, because other reporters print until then.
    process.once('exit', () => process.stdout.write(`\n${tallyLine(this.#tally)}\n`))
  }

  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const tally = tallyOf(modules, unhandledErrors)
    this.#tally = Object.values(tally).some((count) => count > 0) ? tally : nothingRan
    if (this.#tally.failed > 0) process.exitCode = 1
  }
}
