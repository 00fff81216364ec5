import { expect, it } from 'vitest'
import { creatorAt, lockedAt } from '../../../scripts/release-version.mjs'
import { textOf } from '../../support/docs/pages.js'

it('sets the version of the lockfile and keeps everything else', () => {
  const lockfile = {
    name: 'a',
    version: '0.1.0',
    packages: { '': { name: 'a', version: '0.1.0', license: 'MIT' }, 'node_modules/b': { version: '0.1.0' } },
  }
  expect(lockedAt(lockfile, '0.2.0')).toEqual({
    name: 'a',
    version: '0.2.0',
    packages: { '': { name: 'a', version: '0.2.0', license: 'MIT' }, 'node_modules/b': { version: '0.1.0' } },
  })
})

it('lets create-avtomatika-worker depend on the same version', () => {
  const manifest = { version: '0.1.0', dependencies: { 'avtomatika-worker': '^0.1.0', other: '1' } }
  expect(creatorAt(manifest, '0.2.0')).toEqual({
    version: '0.2.0',
    dependencies: { 'avtomatika-worker': '^0.2.0', other: '1' },
  })
})

it('create-avtomatika-worker and the lockfile have the version of the package', () => {
  const { version } = JSON.parse(textOf('package.json'))
  const creator = JSON.parse(textOf('create-avtomatika-worker/package.json'))
  expect(creator).toEqual(creatorAt(creator, version))
  expect(JSON.parse(textOf('package-lock.json')).version).toBe(version)
})
