import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const here = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tally-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** Runs vitest over these files in a process of its own, with the reporters of this project. */
const runVitest = (files: Record<string, string>) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text)
  const reporters = ['--reporter=default', `--reporter=${here('scripts/tally.mjs')}`]
  const args = [here('node_modules/vitest/vitest.mjs'), 'run', '--globals', '--root', root, ...reporters]
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const failures = stdout.match(/^FAILED .*$/gm) ?? []
  return { lastLine: stdout.trimEnd().split('\n').at(-1), status, failures }
}

describe('the tally', () => {
  it('is the last line of a green run', () => {
    const run = runVitest({ 'a.test.js': 'it("a", () => {}); it("b", () => {})' })
    expect(run).toEqual({ lastLine: '2 passed, 0 failed', status: 0, failures: [] })
  })

  it('counts and names failures, and files, hooks and stray errors that no test stands for', () => {
    const { lastLine, status, failures } = runVitest({
      'mixed.test.js':
        'it("a", () => {}); it("b", () => { throw new Error("b") }); it.skip("c"); it.todo("d")',
      'unloadable.test.js': 'throw new Error("at load")',
      'hook.test.js': 'describe("s", () => { beforeAll(() => { throw new Error("h") }); it("e", () => {}) })',
      'stray.test.js': 'it("f", () => { void Promise.reject(new Error("stray")) })',
    })
    expect({ lastLine, status }).toEqual({ lastLine: '2 passed, 4 failed, 3 skipped', status: 1 })
    expect(failures.toSorted()).toEqual([
      'FAILED hook.test.js > s: h',
      'FAILED mixed.test.js > b: b',
      'FAILED outside of all tests: stray',
      'FAILED unloadable.test.js: at load',
    ])
  })

  it('shows the start and the end of an error, on one line', () => {
    const { failures } = runVitest({
      'a.test.js': 'it("a", () => { throw new Error("hoped\\n" + "-".repeat(2_000) + "\\nlast seen") })',
    })
    expect(failures).toEqual([expect.stringMatching(/^FAILED a\.test\.js > a: hoped -+ \[…\] -+ last seen$/)])
  })

  it('is red when the run never starts', () => {
    const { lastLine, status } = runVitest({
      'a.test.js': 'it("a", () => {})',
      'set-up.js': 'export const setup = () => { throw new Error("no server") }',
      'vitest.config.js': 'export default { test: { globalSetup: "./set-up.js" } }',
    })
    expect({ lastLine, status }).toEqual({ lastLine: '0 passed, 1 failed', status: 1 })
  })
})
