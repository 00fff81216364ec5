import type { TestCase, TestModule, TestSuite } from 'vitest/node'

/** The part of a suite's name after the topic says which orchestrator it ran against. */
const SEPARATOR = ' · '

type Tally = Record<'passed' | 'failed' | 'skipped', number>

const orchestratorOf = (test: TestCase): string | undefined => {
  let parent: TestSuite | TestModule = test.parent
  while (parent.type === 'suite') {
    if (parent.name.includes(SEPARATOR)) return parent.name.split(SEPARATOR).at(-1)
    parent = parent.parent
  }
  return undefined
}

const line = (name: string, { passed, failed, skipped }: Tally): string =>
  `interop with ${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`

/** Prints a line for each orchestrator that the interop suite ran against, and nothing when it did not run. */
export default class InteropSummary {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tallies = new Map<string, Tally>()
    for (const module of modules.filter(({ project }) => project.name === 'interop')) {
      for (const test of module.children.allTests()) count(tallies, test)
    }
    for (const [name, tally] of tallies) console.log(line(name, tally))
  }
}

const count = (tallies: Map<string, Tally>, test: TestCase): void => {
  const name = orchestratorOf(test)
  if (name === undefined) return
  const tally = tallies.get(name) ?? { passed: 0, failed: 0, skipped: 0 }
  const { state } = test.result()
  tally[state === 'pending' ? 'skipped' : state]++
  tallies.set(name, tally)
}
