import { writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { command, moduleFile } from './command.js'

const BROKEN = 'export const size = {\n  width: 1,,\n}\n'
const NEXT = /\nNext: npx avtomatika-worker run \S+\n$/

/** A file, and a second one in its folder. */
const project = (name: string, code: string, other: string, otherCode: string): string => {
  const file = moduleFile(name, code)
  writeFileSync(join(dirname(file), other), otherCode)
  return file
}

/** Each has its mistake in the second line of `broken.*`. */
const projects: [string, () => string][] = [
  ['an ES module', () => moduleFile('broken.mjs', BROKEN)],
  ['an imported ES module', () => project('worker.mjs', "import './broken.mjs'", 'broken.mjs', BROKEN)],
  [
    'a CommonJS module',
    () => project('worker.mjs', "import './broken.cjs'", 'broken.cjs', 'const a = 1\nlet a = 2\n'),
  ],
  [
    'an import of a name that does not exist',
    () =>
      project(
        'broken.mjs',
        "\nimport { none } from './other.mjs'\nnone()",
        'other.mjs',
        'export const a = 1',
      ),
  ],
  [
    'a TypeScript module',
    () => moduleFile('broken.ts', `const a: number = 1\n${BROKEN.replaceAll('\n', '')}`),
  ],
  [
    'a TypeScript module that JavaScript cannot import by itself',
    () => project('worker.ts', "import './broken.js'", 'broken.ts', `const a: number = 1\nexport { a,, }`),
  ],
]

describe('a syntax error is shown with its file and its line', () => {
  it.each(projects)('run: %s', async (_what, make) => {
    const child = command(['run', make()])
    expect(await child.ended()).toBe(1)
    expect(child.output).toMatch(/^Cannot load \S+: syntax error in temp\/\S+\/broken\.[cm]?[jt]s:2: [A-Z]/)
    expect(child.output).toMatch(NEXT)
    expect(child.output).not.toMatch(/^\s+at /m)
  })

  it('run: shows the code', async () => {
    const child = command(['run', moduleFile('broken.mjs', BROKEN)])
    expect(await child.ended()).toBe(1)
    expect(child.output).toContain("broken.mjs:2: Unexpected token ','\n  width: 1,,\n           ^\n")
  })

  it('run: a folder', async () => {
    const child = command(['run', dirname(moduleFile('broken.mjs', BROKEN))])
    expect(await child.ended()).toBe(1)
    expect(child.output).toMatch(/^Cannot load \S+broken\.mjs: syntax error in \S+broken\.mjs:2: /)
  })

  it('dev goes on after it', async () => {
    const file = moduleFile('broken.mjs', BROKEN)
    const child = command(['dev', 'broken.mjs', '--port', '0'], {}, dirname(file))
    await child.says(/Cannot load broken\.mjs: syntax error in broken\.mjs:2: /)
    await child.says(/Save a file to start it again/)
  })

  it('replay', async () => {
    const saved = join(temporaryFolder(), 'failed.json')
    writeFileSync(saved, '{"version": 1, "taskName": "crop", "params": {}}')
    const child = command(['replay', saved, moduleFile('broken.mjs', BROKEN)])
    expect(await child.ended()).toBe(1)
    expect(child.output).toMatch(/^Cannot load \S+: syntax error in temp\/\S+\/broken\.mjs:2: /)
  })

  it('chaos', async () => {
    const file = moduleFile('broken.mjs', BROKEN)
    const child = command(['chaos', file, '--seconds', '5'])
    expect(await child.ended()).toBe(1)
    expect(child.output).toContain(`syntax error in ${relative(process.cwd(), file)}:2: Unexpected token ','`)
  })
})

it('a SyntaxError that the code of a module throws is no such error', async () => {
  const child = command(['run', moduleFile('parses.mjs', "\nJSON.parse('{,}')")])
  expect(await child.ended()).toBe(1)
  expect(child.output).toMatch(/^SyntaxError: .*JSON.*\n\s+at .*parses\.mjs:2:6/)
})
