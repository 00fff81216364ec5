// @ts-check
/**
 * Writes docs/reference/licenses.md: the licenses of all packages that users install or get inside of this package.
 *
 *   node scripts/licenses.mjs           writes
 *   node scripts/licenses.mjs --check   writes nothing and fails on a difference
 *
 * The lockfile has the licenses. Both fail if a license is not among those that the project accepts.
 */
import { readFileSync } from 'node:fs'
import { isMain } from './is-main.mjs'
import { keepFile } from './keep-file.mjs'
import { vendored } from './vendor.mjs'

const FILE = 'docs/reference/licenses.md'

/** Licenses that let users ship this package in products of their own. */
const ACCEPTED = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'])

/** @typedef {{ version: string, license?: string, dev?: boolean, optional?: boolean, peer?: boolean }} Locked */
/** @typedef {{ name: string, version: string, license: string, installed: string }} Row */

/** @param {Locked} locked */
const whenInstalled = ({ optional, peer }) =>
  optional ? 'unless `--omit=optional`' : peer ? 'if your project has it' : 'always'

/** @param {string} path in the lockfile @param {Locked} locked @returns {Row} */
const rowOf = (path, locked) => ({
  name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
  version: locked.version,
  license: locked.license ?? 'none',
  installed: whenInstalled(locked),
})

/**
 * Returns the packages that users install, from the text of a lockfile. The first entry is the project itself.
 * @param {string} lockfile
 */
export const productionPackages = (lockfile) => {
  /** @type {[string, Locked][]} */
  const entries = Object.entries(JSON.parse(lockfile).packages)
  const rows = entries
    .filter(([path, { dev }]) => path.includes('node_modules/') && !dev)
    .map(([path, locked]) => rowOf(path, locked))
  return rows.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1))
}

/**
 * Returns the rows whose license the project does not accept.
 * @param {readonly Pick<Row, 'name' | 'license'>[]} rows
 */
export const refusedAmong = (rows) =>
  rows.filter(({ license }) => !ACCEPTED.has(license)).map(({ name, license }) => `${name}: ${license}`)

/** @param {string} lockfile */
export const licensesPage = (lockfile) => {
  const rows = productionPackages(lockfile)
  /** @type {Record<string, Locked>} */
  const locked = JSON.parse(lockfile).packages
  const inside = vendored.map((name) =>
    rowOf(`node_modules/${name}`, locked[`node_modules/${name}`] ?? { version: '?' }),
  )
  const refused = refusedAmong([...rows, ...inside])
  if (refused.length > 0)
    throw new Error(
      `Licenses that are not accepted: ${refused.join(', ')}. Replace the package, or add the license in scripts/licenses.mjs.`,
    )
  const counts = new Map()
  for (const { license } of rows) counts.set(license, (counts.get(license) ?? 0) + 1)
  return `# Licenses

\`avtomatika-worker\` has the MIT license ([LICENSE](../../LICENSE)). This page lists the packages that npm installs with it, and the code inside of it.
\`npm run licenses\` makes this page from the lockfile. Your own lockfile may have newer versions.

## Inside of the package

The page of the embedded orchestrator contains these libraries. The package has the full text of their licenses in
\`dist/dev/page/vendor/LICENSES.txt\`.

| Package | Version | License |
|---|---|---|
${inside.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`).join('\n')}

## Installed with the package

${rows.length} packages: ${[...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([license, count]) => `${count} ${license}`)
    .join(', ')}.

| Package | Version | License | Installed |
|---|---|---|---|
${rows.map(({ name, version, license, installed }) => `| ${name} | ${version} | ${license} | ${installed} |`).join('\n')}
`
}

const STALE = 'differs from the lockfile: run "npm run licenses"'

if (isMain(import.meta.url)) keepFile(FILE, licensesPage(readFileSync('package-lock.json', 'utf8')), STALE)
