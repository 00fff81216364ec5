import { expect, it } from 'vitest'
import { withoutComments } from '../../../scripts/build.mjs'

it('takes out the comments and nothing else', () => {
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
  const bare = withoutComments(code.join('\n'))
  expect(bare).not.toMatch(/What it does|one more|a thousand|Why/)
  expect(bare).toContain('`// no comment`')
  expect(bare).toContain("'http://x/'")
  expect(bare.startsWith("#!/usr/bin/env node\nimport { a } from './a.js';\n")).toBe(true)
  expect(bare).toContain('#b = large')
  expect(bare).toContain('1_000')
})
