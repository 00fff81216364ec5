import { expect, it } from 'vitest'
import { lean } from '../../../scripts/build.mjs'

it('takes out the comments', () => {
  const code = [
    '#!/usr/bin/env node',
    "import { a } from './a.js';",
    '/** What it does. */',
    'export const text = `// no comment`;',
    'export const one = a /* one more */ + 1;',
    'const large = 1_000; // a thousand',
    "export const url = 'http://x/';",
    'export class A {',
    '    // Why.',
    '    #b = large;',
    '    get b() { return this.#b; }',
    '}',
    '',
  ]
  const bare = lean(code.join('\n'))
  expect(bare).not.toMatch(/What it does|one more|a thousand|Why/)
  expect(bare).toContain('`// no comment`')
  expect(bare).toContain("'http://x/'")
  expect(bare.startsWith("#!/usr/bin/env node\nimport { a } from './a.js';\n")).toBe(true)
  expect(bare).toContain('#b = large')
  expect(bare).toContain('1_000')
})

it('leaves one space a level, and the white space of texts as it is', () => {
  const code = [
    'const f = () => {',
    '    if (true) {',
    '        return `one',
    '        two ${[1]',
    '        .map(String)}',
    '    three`;',
    '    }',
    '};',
    '',
  ]
  const made = lean(code.join('\n'))
  expect(made).toContain('\n if (true) {\n  return `one\n        two ')
  expect(made).toContain('\n    three`;\n }\n};')
})
