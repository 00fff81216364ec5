import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { closingLine, tallyIn } from '../../../scripts/verify.mjs'

const ended = (name: string, ok: boolean, output = '') => ({ name, ok, why: '', output })

describe('tallyIn', () => {
  it('reads the last line of its form', () => {
    const output = 'a test that prints\n9 passed, 9 failed\nmore\n12 passed, 3 failed, 4 skipped\n'
    expect(tallyIn(output)).toEqual({ passed: 12, failed: 3, skipped: 4 })
  })

  it('is all zero when there is none', () => {
    expect(tallyIn('1 passed, 1 failed of them')).toEqual({ passed: 0, failed: 0, skipped: 0 })
  })
})

describe('closingLine', () => {
  it('adds the checks that failed to the tests that failed', () => {
    const outcomes = [
      ended('test', false, '5 passed, 2 failed\n'),
      ended('lint', false),
      ended('types', true),
    ]
    expect(closingLine(outcomes)).toBe('5 passed, 3 failed')
  })

  it('counts a test run that failed without a failing test', () => {
    expect(closingLine([ended('test', false, '5 passed, 0 failed, 1 skipped\n')])).toBe(
      '5 passed, 1 failed, 1 skipped',
    )
    expect(closingLine([ended('test', false, 'the build broke')])).toBe('0 passed, 1 failed')
  })
})

describe('the command', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'verify-'))
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  const names =
    'format lint types layers unused readme:check licenses:check llms:check reference:check test build api pack:check'.split(
      ' ',
    )

  /** Runs the checks of a project in which each is this shell command, or does nothing. */
  const verify = (commands: Record<string, string>, ...args: string[]) => {
    const scripts = { ...Object.fromEntries([...names, 'nodes'].map((name) => [name, 'true'])), ...commands }
    writeFileSync(join(root, 'package.json'), JSON.stringify({ scripts }))
    const script = fileURLToPath(new URL('../../../scripts/verify.mjs', import.meta.url))
    const { stdout, status } = spawnSync(process.execPath, [script, ...args], { cwd: root, encoding: 'utf8' })
    const ran = [...stdout.matchAll(/^── (\S+)$/gm)].map(([, name]) => name)
    return { status, ran, lastLine: stdout.trimEnd().split('\n').at(-1), stdout }
  }

  it('stops at the first check that fails and names it', () => {
    const { status, ran, lastLine, stdout } = verify({ types: 'exit 3' })
    expect({ status, ran, lastLine }).toEqual({
      status: 1,
      ran: ['format', 'lint', 'types'],
      lastLine: '0 passed, 1 failed',
    })
    expect(stdout).toContain('FAILED types: exit code 3 (again: npm run types)')
  })

  it('runs all of them with --all, the tests first', () => {
    const { status, ran, lastLine } = verify({ types: 'false', test: 'echo 7 passed, 0 failed' }, '--all')
    expect({ status, lastLine }).toEqual({ status: 1, lastLine: '7 passed, 1 failed' })
    expect(ran).toEqual(['test', ...names.filter((name) => name !== 'test'), 'nodes'])
  })

  it('names the failed tests once more in the end', () => {
    const output = 'FAILED a.test.ts > b: c\\nFAILED d.test.ts: e\\n\\n7 passed, 2 failed'
    const { stdout } = verify({ test: `printf '${output}\\n'; false`, types: 'echo noise' }, '--all')
    expect(stdout).toMatch(
      /noise[\s\S]*\nFAILED a\.test\.ts > b: c\nFAILED d\.test\.ts: e\nFAILED test: exit code 1/,
    )
  })

  it('is green when every check is', () => {
    const { status, ran, lastLine } = verify({ test: 'echo 7 passed, 0 failed' })
    expect({ status, ran, lastLine }).toEqual({ status: 0, ran: names, lastLine: '7 passed, 0 failed' })
  })
})
