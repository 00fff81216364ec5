import { expect, it } from 'vitest'
import { reachableFrom } from '../../../scripts/prune-types.mjs'

it('follows every kind of reference, cycles too, and leaves out the rest', () => {
  const files: Record<string, string> = {
    'dist/index.d.ts': "export { A, type B } from './a/a.js'\nexport type { C } from './c.js'\n",
    'dist/a/a.d.ts': "import type { B } from '../b.js'\nimport { x } from 'undici'\n",
    'dist/b.d.ts': "import './side.js'\nexport declare const b: import('./inline.js').D\n",
    'dist/c.d.ts': "import type { A } from './a/a.js'\n",
    'dist/side.d.ts': '',
    'dist/inline.d.ts': '',
    'dist/inner.d.ts': "import type { A } from './a/a.js'\n",
  }
  const { 'dist/inner.d.ts': _inner, ...others } = files
  const reached = reachableFrom(['dist/index.d.ts'], (path) => files[path] ?? '')
  expect([...reached].sort()).toEqual(Object.keys(others).sort())
})
