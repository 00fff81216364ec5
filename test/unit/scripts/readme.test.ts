import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withExamples } from '../../../scripts/readme.mjs'

const example = `import { x } from 'y'

const run = () => {
  const b = 2

  // #region body
  const a = 1
  if (a) {
    x(a)
  }
  // #endregion
}
`
const fill = (document: string) => withExamples(document, () => example)
const fence = (code: string) => `\`\`\`ts\n${code}\n\`\`\``

describe('withExamples', () => {
  it('puts a whole file between the markers, without region marks, with all empty lines', () => {
    const filled = fill('A\n<!-- example: a.ts -->\nold\n<!-- /example -->\nB\n')
    const code = example.trim().replace(/.*#(end)?region.*\n/g, '')
    expect(filled).toBe(`A\n<!-- example: a.ts -->\n${fence(code)}\n<!-- /example -->\nB\n`)
  })

  it('keeps the empty line before a region', () => {
    const file = 'const a = 1\n\n// #region b\nconst b = 2\n// #endregion\n\nconst c = 3\n'
    const filled = withExamples('<!-- example: a.ts -->\n<!-- /example -->', () => file)
    expect(filled).toContain(fence('const a = 1\n\nconst b = 2\n\nconst c = 3'))
  })

  it('puts one region, moved to the left margin', () => {
    const filled = fill('<!-- example: a.ts#body -->\n<!-- /example -->')
    const code = 'const a = 1\nif (a) {\n  x(a)\n}'
    expect(filled).toBe(`<!-- example: a.ts#body -->\n${fence(code)}\n<!-- /example -->`)
  })

  it('changes nothing the second time, and nothing elsewhere', () => {
    const once = fill(
      '`$&` <!-- example: a.ts -->\n<!-- /example --> $1\n<!-- example: b.ts -->\n<!-- /example -->',
    )
    expect(fill(once)).toBe(once)
    expect(once).toContain('`$&` ')
  })

  it('refuses a region that is not there', () => {
    expect(() => fill('<!-- example: a.ts#gone -->\n<!-- /example -->')).toThrow(/a\.ts.*gone/)
  })

  it('refuses a block that is never closed', () => {
    expect(() => fill('<!-- example: a.ts -->\ncode')).toThrow(/1 of 1/)
  })
})

describe('the command', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'readme-'))
    mkdirSync(join(root, 'docs'))
    writeFileSync(join(root, 'a.ts'), 'const a = 1\n')
    writeFileSync(join(root, 'README.md'), '<!-- example: a.ts -->\n<!-- /example -->\n')
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  const script = fileURLToPath(new URL('../../../scripts/readme.mjs', import.meta.url))
  const run = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { cwd: root }).status
  const readme = () => readFileSync(join(root, 'README.md'), 'utf8')

  it('fails on a difference and writes nothing, then writes, then is content', () => {
    const before = readme()
    expect(run('--check')).toBe(1)
    expect(readme()).toBe(before)
    expect(run()).toBe(0)
    expect(readme()).toContain('const a = 1')
    expect(run('--check')).toBe(0)
  })
})
