// @ts-check
/**
 * Packs the package, installs the tarball as a user would, and checks the result: sizes, files, links, no native code,
 * programs that load and compile, and readable stack traces. A worker has to load without the packages that only the
 * embedded orchestrator and the CLI need. Needs `dist/` and the registry.
 */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { isMain } from './is-main.mjs'
import { compilations, prepareConsumer, sourceDefinition } from './pack/consumers.mjs'
import { brokenLinks } from './pack/links.mjs'
import { stackProblems } from './pack/stack-traces.mjs'
import { installInto, pack, run } from './pack/tarball.mjs'

const maxPackedBytes = 750_000
const maxUnpackedBytes = 2_450_000
/** Node's types take 2.5 MB of it. */
const maxInstalledBytes = 11_000_000

/** The files that belong in the tarball. */
const wanted = [
  /^dist\/.*\.(js|d\.ts|html|css|svg)$/,
  /^dist\/dev\/page\/vendor\/LICENSES\.txt$/,
  /^docs\/.*\.md$/,
  /^examples\/.*\.(md|ts|py|toml)$/,
  /^examples\/deploy\/[^/]+\.(Dockerfile|json|js|service|yaml)$/,
  /^ops\/.*\.(json|yml)$/,
  /^(README|CHANGELOG|CONTRIBUTING|SECURITY)\.md$/,
  /^(package\.json|LICENSE|llms\.txt)$/,
]

/** The files without which the tarball would break a license or a link that people follow. */
const required = ['LICENSE', 'dist/dev/page/vendor/LICENSES.txt', 'docs/reference/licenses.md', 'llms.txt']

/** The packages and folders that only the embedded orchestrator and the CLI need. */
const notForWorkers = [
  'hono',
  '@hono',
  'chokidar',
  'commander',
  'avtomatika-worker/dist/client',
  'avtomatika-worker/dist/dev',
  'avtomatika-worker/dist/testing',
  'avtomatika-worker/dist/cli',
]

/** Errors whose stack traces `pack/stacks.mjs` prints. */
const stackCount = 4

/** @typedef {{ what: string, found: string, ok: boolean }} Check */

/** @param {string} root */
const filesBelow = (root) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

/**
 * Returns the sum of the file sizes. The blocks on the disk do not matter.
 * @param {string} root
 */
export const bytesBelow = (root) => filesBelow(root).reduce((sum, path) => sum + statSync(path).size, 0)

/** @param {string} path */
const runsAtInstall = (path) => {
  const { scripts = {}, gypfile } = JSON.parse(readFileSync(path, 'utf8'))
  return Boolean(gypfile || scripts.preinstall || scripts.install || scripts.postinstall)
}

/**
 * Returns files that indicate native code: an addon, a build recipe, a package that runs a script at installation.
 * @param {string} root a `node_modules`
 */
export const nativeBelow = (root) =>
  filesBelow(root).filter((path) => {
    if (/\.(node|so|dylib|dll)$/.test(path) || basename(path) === 'binding.gyp') return true
    const isManifest = /node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path)
    return isManifest && runsAtInstall(path)
  })

/**
 * Returns the paths that do not belong in the tarball.
 * @param {readonly string[]} paths
 */
export const straysAmong = (paths) => paths.filter((path) => !wanted.some((pattern) => pattern.test(path)))

/**
 * Returns the files that the tarball lacks.
 * @param {readonly string[]} paths
 */
export const missingFrom = (paths) => required.filter((path) => !paths.includes(path))

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
 * @param {() => string | Promise<string>} action
 * @returns {Promise<Check>}
 */
const works = async (what, action) => {
  try {
    return { what, found: (await action()).trim(), ok: true }
  } catch (error) {
    return { what, found: error instanceof Error ? error.message : String(error), ok: false }
  }
}

/** @param {string} specifier @param {string} cwd */
const load = (specifier, cwd) => {
  const program = `console.log(Object.keys(await import('${specifier}')).length, 'names')`
  return run(process.execPath, ['--input-type=module', '--eval', program], cwd)
}

/** @param {string} user @param {string} installed */
const followStacks = (user, installed) => {
  copyFileSync('scripts/pack/stacks.mjs', join(user, 'stacks.mjs'))
  const stacks = JSON.parse(run(process.execPath, ['stacks.mjs'], user))
  const problems = stackProblems(stacks, join(installed, 'dist'), resolve('src'))
  const count = Object.keys(stacks).length
  if (count !== stackCount) problems.push(`${count} stack traces instead of ${stackCount}`)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return `${count} of ${count} can be followed`
}

/** @param {string} user @param {string} tools */
const goToSource = async (user, tools) => {
  const place = await sourceDefinition(user, tools, 'consumer-dev.ts', 'startOrchestrator')
  if (!/^node_modules\/avtomatika-worker\/dist\/dev\/.*\.js:\d+$/.test(place)) throw new Error(place)
  return place
}

/**
 * Two at a time: one resolution of a compiler, and the other one.
 * @param {string} user
 * @param {string} tools
 */
const compileAll = async (user, tools) => {
  /** @type {Check[]} */
  const checks = []
  const waiting = compilations(user, tools)
  while (waiting.length > 0) {
    const pair = waiting.splice(0, 2).map(({ what, compile }) => works(what, compile))
    checks.push(...(await Promise.all(pair)))
  }
  return checks
}

/** @param {string} folder an empty one */
const checkPackage = async (folder) => {
  const [user, tools] = [join(folder, 'user'), join(folder, 'tools')]
  const { tarball, packedBytes, unpackedBytes, paths } = pack(folder)
  installInto(user, ['--omit=optional', '--omit=dev', tarball])
  prepareConsumer(user, tools)
  const modules = join(user, 'node_modules')
  const installed = join(modules, 'avtomatika-worker')
  const documents = paths.filter((path) => path.endsWith('.md') || path === 'llms.txt')
  const checks = [
    below('size of the package, packed', packedBytes, maxPackedBytes),
    below('size of the package, unpacked', unpackedBytes, maxUnpackedBytes),
    none('files in it that should not be', straysAmong(paths)),
    none('files that it lacks', missingFrom(paths)),
    none('links in its documents that lead nowhere', brokenLinks(installed, documents)),
    below('size installed, without optional dependencies', bytesBelow(modules), maxInstalledBytes),
    none('native code', nativeBelow(modules)),
    await works("import('avtomatika-worker/client')", () => load('avtomatika-worker/client', user)),
    await works("import('avtomatika-worker/testing')", () => load('avtomatika-worker/testing', user)),
    await works("import('avtomatika-worker/dev')", () => load('avtomatika-worker/dev', user)),
    await works('avtomatika-worker --version', () => run('npx', ['avtomatika-worker', '--version'], user)),
    await works('stack traces', () => followStacks(user, installed)),
    ...(await compileAll(user, tools)),
    await works('an editor goes to the source of startOrchestrator', () => goToSource(user, tools)),
  ]
  for (const name of notForWorkers) rmSync(join(modules, name), { recursive: true, force: true })
  const alone = "import('avtomatika-worker') with neither the dev folder nor the CLI there"
  return [...checks, await works(alone, () => load('avtomatika-worker', user))]
}

const main = async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pack-check-')))
  try {
    const checks = await checkPackage(folder)
    for (const { what, found, ok } of checks) console.log(`${ok ? 'ok    ' : 'FAILED'} ${what}: ${found}`)
    process.exitCode = checks.every(({ ok }) => ok) ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (isMain(import.meta.url)) await main()
