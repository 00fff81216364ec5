import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from './fail.js'

type Module = Record<string, unknown>

const TYPESCRIPT = new Set(['.ts', '.mts', '.cts', '.tsx'])

/**
 * Imports a JavaScript or TypeScript file.
 *
 * @throws UsageError if the file does not exist, or if it is TypeScript and nothing can load that
 */
export const importModule = async (file: string): Promise<Module> => {
  const path = resolve(file)
  if (!existsSync(path)) throw new UsageError(`Cannot import ${file}: the file does not exist`)
  if (TYPESCRIPT.has(extname(path))) await prepareTypeScript(file, path)
  return (await import(pathToFileURL(path).href)) as Module
}

/** Loads tsx if it is installed. Newer versions of Node load TypeScript without it. */
const prepareTypeScript = async (file: string, path: string): Promise<void> => {
  const tsx = findTsx(path)
  if (tsx) {
    // The import registers the loader, like `node --import tsx`.
    await import(pathToFileURL(tsx).href)
  } else if (!nodeLoadsTypeScript()) {
    throw new UsageError(
      `Cannot import ${file}: this version of Node does not load TypeScript. Install tsx (npm install --save-dev tsx), or compile the file and run the .js file.`,
    )
  }
}

const nodeLoadsTypeScript = (): boolean => Boolean((process.features as { typescript?: unknown }).typescript)

/** Looks in the project of the file, then in the current directory. */
const findTsx = (path: string): string | undefined => {
  for (const from of [path, resolve('package.json')]) {
    try {
      return createRequire(from).resolve('tsx')
    } catch {
      // tsx is not installed there.
    }
  }
  return undefined
}
