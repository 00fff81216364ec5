import { basename, extname, relative, resolve, sep } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import { after, type Timer } from '../../utils/time.js'

/** An editor or a compiler writes several files at once, in ms. */
const SETTLE_MS = 60
/** Data files are left out: a handler that writes one would restart its own worker. */
const CODE = new Set(['.js', '.mjs', '.cjs', '.jsx', '.ts', '.mts', '.cts', '.tsx'])
const SETTINGS = new Set(['package.json', 'tsconfig.json', '.env'])
const LEFT_OUT = new Set(['node_modules', 'coverage'])

/** Returns whether a change of the file restarts the worker. Pure. @param root - the watched folder */
export const isRelevant = (path: string, root: string): boolean => {
  const names = relative(root, path).split(sep)
  const folders = names.slice(0, -1)
  if (folders.some((name) => LEFT_OUT.has(name) || (name.startsWith('.') && name !== '..'))) return false
  return CODE.has(extname(path)) || SETTINGS.has(basename(path))
}

const isLeftOut = (path: string, root: string): boolean => {
  const name = basename(path)
  return path !== root && (LEFT_OUT.has(name) || (name.startsWith('.') && name !== '.env'))
}

/** The watch of a project. */
export interface Watch {
  close(): Promise<void>
}

/**
 * Watches the code of a project.
 *
 * @param onChange - called once for all files that were saved together, with the first of them
 */
export const watchCode = async (folder: string, onChange: (path: string) => void): Promise<Watch> => {
  const root = resolve(folder)
  const watcher: FSWatcher = watch(root, {
    ignoreInitial: true,
    ignored: (path) => isLeftOut(path, root),
  })
  let first: string | undefined
  let timer: Timer | undefined
  watcher.on('all', (_event, path) => {
    if (!isRelevant(path, root)) return
    first ??= relative(root, path)
    timer?.cancel()
    timer = after(SETTLE_MS, () => {
      const changed = first ?? ''
      first = undefined
      onChange(changed)
    })
  })
  await new Promise<void>((resolveReady, reject) => {
    watcher.once('ready', () => resolveReady())
    watcher.once('error', reject)
  })
  return {
    close: async () => {
      timer?.cancel()
      await watcher.close()
    },
  }
}
