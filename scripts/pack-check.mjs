// @ts-check
/**
 * Packs the package, installs the tarball as a user would, and looks at what they get: how big it is, that nothing
 * in it is native, that it loads, and that a worker loads nothing of what only the embedded orchestrator and
 * the CLI need. Needs `dist/` and the registry.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { isMain } from './is-main.mjs'

const maxUnpackedBytes = 300_000
const maxInstalledBytes = 8_000_000

/** What only the embedded orchestrator and the CLI need. */
const notForWorkers = [
  'hono',
  '@hono',
  'commander',
  'avtomatika-worker/dist/dev',
  'avtomatika-worker/dist/cli',
]

/** @typedef {{ what: string, found: string, ok: boolean }} Check */

/** @param {string} root */
const filesBelow = (root) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

/**
 * Apparent size: the bytes of the files, whatever blocks the disk gives them.
 * @param {string} root
 */
export const bytesBelow = (root) => filesBelow(root).reduce((sum, path) => sum + statSync(path).size, 0)

/** @param {string} path */
const runsAtInstall = (path) => {
  const { scripts = {}, gypfile } = JSON.parse(readFileSync(path, 'utf8'))
  return Boolean(gypfile || scripts.preinstall || scripts.install || scripts.postinstall)
}

/**
 * The files that show native code: an addon, a build recipe for one, a package that builds or fetches at installation.
 * @param {string} root a `node_modules`
 */
export const nativeBelow = (root) =>
  filesBelow(root).filter((path) => {
    if (/\.(node|so|dylib|dll)$/.test(path) || basename(path) === 'binding.gyp') return true
    const isManifest = /node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path)
    return isManifest && runsAtInstall(path)
  })

/**
 * @param {string} what
 * @param {number} bytes
 * @param {number} limit
 * @returns {Check}
 */
const below = (what, bytes, limit) => ({
  what,
  found: `${(bytes / 1000).toFixed(0)} kB, limit ${limit / 1000} kB`,
  ok: bytes < limit,
})

/**
 * @param {string} what
 * @param {string[]} strays
 * @returns {Check}
 */
const none = (what, strays) => ({ what, found: strays.join(', ') || 'none', ok: strays.length === 0 })

/**
 * @param {string} what
 * @param {() => string} action
 * @returns {Check}
 */
const works = (what, action) => {
  try {
    return { what, found: action().trim(), ok: true }
  } catch (error) {
    return { what, found: error instanceof Error ? error.message : String(error), ok: false }
  }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {string} [cwd]
 */
export const run = (program, args, cwd) =>
  execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** @param {string} into */
export const pack = (into) => {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', into]))
  /** @type {{ path: string }[]} */
  const files = packed.files
  const strays = files
    .map(({ path }) => path)
    .filter((path) => !/^(dist\/.*\.(js|d\.ts|html|css|svg)|package\.json|README\.md|LICENSE)$/.test(path))
  return { tarball: join(into, packed.filename), bytes: packed.unpackedSize, strays }
}

/** @param {string} tarball @param {string} into */
const install = (tarball, into) => {
  writeFileSync(join(into, 'package.json'), '{ "private": true, "type": "module" }')
  run('npm', ['install', '--omit=optional', '--omit=dev', '--ignore-scripts', '--no-save', tarball], into)
  return join(into, 'node_modules')
}

/** @param {string} specifier @param {string} cwd */
const load = (specifier, cwd) => {
  const program = `console.log(Object.keys(await import('${specifier}')).length, 'names')`
  return run(process.execPath, ['--input-type=module', '--eval', program], cwd)
}

/** @param {string} folder an empty one */
const checkPackage = (folder) => {
  const { tarball, bytes, strays } = pack(folder)
  const modules = install(tarball, folder)
  const checks = [
    below('size of the package, unpacked', bytes, maxUnpackedBytes),
    none('files in it that should not be', strays),
    below('size installed, without optional dependencies', bytesBelow(modules), maxInstalledBytes),
    none('native code', nativeBelow(modules)),
    works("import('avtomatika-worker/dev')", () => load('avtomatika-worker/dev', folder)),
    works('avtomatika-worker --version', () => run('npx', ['avtomatika-worker', '--version'], folder)),
  ]
  for (const name of notForWorkers) rmSync(join(modules, name), { recursive: true, force: true })
  const alone = "import('avtomatika-worker') with neither the dev folder nor the CLI there"
  return [...checks, works(alone, () => load('avtomatika-worker', folder))]
}

const main = () => {
  const folder = mkdtempSync(join(tmpdir(), 'pack-check-'))
  try {
    const checks = checkPackage(folder)
    for (const { what, found, ok } of checks) console.log(`${ok ? 'ok    ' : 'FAILED'} ${what}: ${found}`)
    process.exitCode = checks.every(({ ok }) => ok) ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (isMain(import.meta.url)) main()
