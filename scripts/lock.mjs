// @ts-check
/**
 * Completes the lockfile. npm leaves out the optional packages of other platforms if its registry does not have them.
 * `npm ci` then refuses the lockfile as out of date. Run this script after `npm install`.
 *
 *   node scripts/lock.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { isMain } from './is-main.mjs'

/**
 * @typedef {{ version?: string, dev?: boolean, optional?: boolean, os?: string[], cpu?: string[], libc?: string[],
 *   optionalDependencies?: Record<string, string> }} Entry
 */

const systems = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64']

/** @param {string[]} words */
const libcOf = (words) => {
  if (words.includes('musl')) return ['musl']
  return words.some((word) => word.startsWith('gnu')) ? ['glibc'] : undefined
}

/**
 * Returns the platform in a name such as `@scope/name-linux-x64-musl`; `undefined` if the name contains none.
 * @param {string} name
 */
export const platformOf = (name) => {
  const words = name.split(/[/-]/)
  const os = systems.find((each) => words.includes(each))
  const cpu = processors.find((each) => words.includes(each))
  if (os === undefined || cpu === undefined) return undefined
  return { os: [os], cpu: [cpu], libc: libcOf(words) }
}

/**
 * Returns the platform packages that other packages depend on and that the lockfile lacks.
 * @param {Record<string, Entry>} packages
 * @returns {Record<string, Entry>}
 */
export const missingFrom = (packages) => {
  /** @type {Record<string, Entry>} */
  const missing = {}
  for (const [at, { dev, optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const platform = platformOf(name)
      const known = packages[`node_modules/${name}`] ?? packages[`${at}/node_modules/${name}`]
      if (known || !platform || !/^\d/.test(version)) continue
      const { os, cpu, libc } = platform
      // In the order of npm, because its next run would rewrite the lockfile otherwise.
      missing[`node_modules/${name}`] = {
        version,
        cpu,
        ...(dev && { dev }),
        ...(libc && { libc }),
        optional: true,
        os,
      }
    }
  }
  return missing
}

const main = () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
  const missing = missingFrom(lock.packages)
  const all = Object.entries({ ...lock.packages, ...missing })
  lock.packages = Object.fromEntries(all.sort(([a], [b]) => a.localeCompare(b, 'en')))
  writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`lock: ${Object.keys(missing).length} platform packages added`)
}

if (isMain(import.meta.url)) main()
