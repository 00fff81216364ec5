import { expect, it } from 'vitest'
import { licensesPage, productionPackages, refusedAmong } from '../../../scripts/licenses.mjs'

const lockfile = (packages: object): string => JSON.stringify({ packages })

const VENDORED = {
  'node_modules/preact': { version: '1.0.0', license: 'MIT', dev: true },
  'node_modules/htm': { version: '2.0.0', license: 'Apache-2.0', dev: true },
  'node_modules/uplot': { version: '3.0.0', license: 'MIT', dev: true },
}

it('lists what users install, and when', () => {
  const text = lockfile({
    '': { version: '0.1.0', license: 'MIT' },
    'node_modules/b': { version: '1.0.0', license: 'MIT' },
    'node_modules/b/node_modules/@x/a': { version: '2.0.0', license: 'ISC', optional: true },
    'node_modules/c': { version: '3.0.0', license: 'MIT', peer: true },
    'node_modules/tool': { version: '4.0.0', license: 'GPL-3.0', dev: true },
  })
  expect(productionPackages(text)).toEqual([
    { name: '@x/a', version: '2.0.0', license: 'ISC', installed: 'unless `--omit=optional`' },
    { name: 'b', version: '1.0.0', license: 'MIT', installed: 'always' },
    { name: 'c', version: '3.0.0', license: 'MIT', installed: 'if your project has it' },
  ])
})

it('lists the libraries inside of the package', () => {
  const page = licensesPage(lockfile({ ...VENDORED, 'node_modules/b': { version: '1.0.0', license: 'MIT' } }))
  expect(page).toContain('| htm | 2.0.0 | Apache-2.0 |')
  expect(page).toContain('1 packages: 1 MIT.')
})

it('refuses licenses that are not accepted, also those of libraries inside', () => {
  expect(
    refusedAmong([
      { name: 'a', license: 'MIT' },
      { name: 'b', license: 'none' },
    ]),
  ).toEqual(['b: none'])
  const page = (license: string) => () =>
    licensesPage(lockfile({ ...VENDORED, 'node_modules/htm': { version: '2.0.0', license, dev: true } }))
  expect(page('GPL-3.0')).toThrow('Licenses that are not accepted: htm: GPL-3.0.')
})
