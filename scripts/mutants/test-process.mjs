// @ts-check
/**
 * Runs test files in the working directory whenever it is told to, in one vitest that stays warm: what has not changed
 * is not transformed again. Started by test-runner.mjs, and spoken to over its channel.
 */
import { relative, resolve } from 'node:path'
import { BaseSequencer, createVitest } from 'vitest/node'

/** @typedef {import('./test-runner.mjs').Order} Order */
/** @typedef {import('./test-runner.mjs').News} News */

/** @param {News} news */
const tell = (news) => process.send?.(news)

/** @param {string} path */
const shortName = (path) => path.replace(/^.*\/test\//, '')

/** The first thing that went wrong in the present run. @type {string | undefined} */
let failed

/** @type {import('vitest/node').Reporter} */
const reporter = {
  onTestCaseResult: (testCase) => {
    tell({ kind: 'test', tookMs: testCase.diagnostic()?.duration ?? 0 })
    if (testCase.result().state === 'failed')
      failed ??= `${shortName(testCase.module.moduleId)} "${testCase.fullName}"`
  },
  onTestModuleEnd: (module) => {
    const { duration, collectDuration, setupDuration, prepareDuration } = module.diagnostic()
    const tookMs = duration + collectDuration + setupDuration + prepareDuration
    tell({ kind: 'file', path: relative('', module.moduleId), tookMs })
    if (module.state() === 'failed') failed ??= `${shortName(module.moduleId)} (not loaded)`
  },
}

/** What was changed for the present run, and is itself again by the next one. @type {readonly string[]} */
let changed = []

/** Runs the files as they were ordered, the nearest first. */
class AsOrdered extends BaseSequencer {
  /**
   * @override
   * @param {import('vitest/node').TestSpecification[]} files
   */
  async sort(files) {
    return files
  }
}

const vitest = await createVitest('test', {
  watch: false,
  bail: 1,
  cache: false,
  reporters: [reporter],
  sequence: { sequencer: AsOrdered },
})
const all = new Map((await vitest.globTestSpecifications()).map((found) => [found.moduleId, found]))

/** @param {Order} order */
const run = async (order) => {
  failed = undefined
  for (const path of [...changed, ...order.changed]) vitest.invalidateFile(resolve(path))
  changed = order.changed
  const chosen = order.tests.flatMap((test) => all.get(resolve(test)) ?? [])
  if (chosen.length !== order.tests.length) throw new Error('vitest does not know all of the test files')
  const { unhandledErrors } = await vitest.runTestSpecifications(chosen)
  if (unhandledErrors.length > 0) failed ??= 'an error outside of any test'
  tell({ kind: 'ended', failed })
}

process.on('message', (order) => {
  run(/** @type {Order} */ (order)).catch((error) => {
    console.error(error)
    process.exit(1)
  })
})
process.once('disconnect', () => process.exit())
tell({ kind: 'ready' })
