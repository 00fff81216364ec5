// @ts-check
/**
 * Copies the version of package.json to the lockfile and to create-avtomatika-worker, which depends on the same version.
 * Changesets changes only package.json.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { isMain } from './is-main.mjs'

const read = (/** @type {string} */ path) => JSON.parse(readFileSync(path, 'utf8'))

/** @typedef {{ version: string, packages: Record<string, object> }} Lockfile */
/** @typedef {{ version: string, dependencies: Record<string, string> }} Manifest */

/**
 * @param {Lockfile} lockfile
 * @param {string} version
 */
export const lockedAt = ({ packages, ...rest }, version) => ({
  ...rest,
  version,
  packages: { ...packages, '': { ...packages[''], version } },
})

/**
 * @param {Manifest} manifest of create-avtomatika-worker
 * @param {string} version
 */
export const creatorAt = (manifest, version) => ({
  ...manifest,
  version,
  dependencies: { ...manifest.dependencies, 'avtomatika-worker': `^${version}` },
})

const main = () => {
  const { version } = read('package.json')
  const write = (/** @type {string} */ path, /** @type {object} */ value) =>
    writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`)
  write('package-lock.json', lockedAt(read('package-lock.json'), version))
  write(
    'create-avtomatika-worker/package.json',
    creatorAt(read('create-avtomatika-worker/package.json'), version),
  )
  console.log(`version ${version}: lockfile and create-avtomatika-worker written`)
}

if (isMain(import.meta.url)) main()
