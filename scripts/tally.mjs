// @ts-check
/**
 * A vitest reporter whose only line, printed last, is `N passed, N failed` (and `, N skipped`): the one line that
 * a person, a script and any CI can read alike.
 */

/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */

/**
 * Counts what ran. A file that could not be loaded, a suite whose hooks failed and an error outside of any test
 * are one failure each: no green line over a red run.
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

/** A run that did nothing, such as one whose global set-up failed, is a failure. */
const nothingRan = { passed: 0, failed: 1, skipped: 0 }

export default class TallyReporter {
  #tally = nothingRan

  onInit() {
    // Written when the process leaves, so that nothing another reporter prints comes after it.
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
