import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isObject } from '../../utils/json.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

interface Manifest {
  readonly version: string
  readonly devDependencies: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

const manifest = (): Manifest => JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest

/** The versions of the tools that this package is tested with. */
export const toolVersions = (): Readonly<Record<'tsx' | 'typescript' | '@types/node', string>> => {
  const { devDependencies, dependencies } = manifest()
  return {
    tsx: devDependencies['tsx'] ?? '*',
    typescript: devDependencies['typescript'] ?? '*',
    '@types/node': dependencies['@types/node'] ?? '*',
  }
}

/** The version of this package that a project depends on, if it comes from the registry. */
export const ownVersion = (): string => `^${manifest().version}`

/** Returns the tarball that this package was installed from. */
export const ownTarball = (): string | undefined => tarballOf(ROOT)

/** npm notes in this file where it took a package from. A path in it is relative to the folder above `node_modules`. */
const tarballOf = (root: string): string | undefined => {
  const modules = dirname(resolve(root))
  const path = join(modules, '.package-lock.json')
  if (!existsSync(path)) return undefined
  const lock: unknown = JSON.parse(readFileSync(path, 'utf8'))
  const packages = isObject(lock) && isObject(lock['packages']) ? lock['packages'] : {}
  const entry = packages['node_modules/avtomatika-worker']
  const resolved = isObject(entry) ? entry['resolved'] : undefined
  if (typeof resolved !== 'string' || !resolved.startsWith('file:')) return undefined
  const tarball = resolve(dirname(modules), resolved.slice('file:'.length))
  return existsSync(tarball) ? tarball : undefined
}
