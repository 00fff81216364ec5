import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { similarName } from '../utils/did-you-mean.js'
import { CommandError, NAME, UsageError } from './fail.js'
import { describeFault, findSyntaxFault } from './syntax-error.js'

type Module = Record<string, unknown>

const TYPESCRIPT = new Set(['.ts', '.mts', '.cts', '.tsx'])

/**
 * Imports a JavaScript or TypeScript file.
 *
 * @throws UsageError if the file does not exist, or if it is TypeScript and nothing can load that; CommandError with file and
 *   line if the file, or one that it imports, cannot be parsed
 */
export const importModule = async (file: string): Promise<Module> => {
  const path = resolve(file)
  if (!existsSync(path)) throw missingFile(file)
  if (TYPESCRIPT.has(extname(path))) await prepareTypeScript(file, path)
  try {
    return (await import(pathToFileURL(path).href)) as Module
  } catch (error) {
    const fault = await findSyntaxFault(error, path)
    if (!fault) throw error
    throw new CommandError('failed', describeFault(file, fault, process.cwd()), {
      cause: error,
      next: `${NAME} run ${file}`,
    })
  }
}

/** Returns the error for a file that does not exist. It names a file with a similar name, if there is one. */
export const missingFile = (file: string): UsageError => {
  const folder = dirname(file)
  const similar = similarName(basename(file), codeFilesIn(folder))
  const found = similar === undefined ? undefined : join(folder, similar)
  return new UsageError(
    `Cannot import ${file}: the file does not exist${found === undefined ? '' : `. Did you mean ${found}?`}`,
    { next: found === undefined ? `${NAME} init my-worker` : `${NAME} run ${found}` },
  )
}

const codeFilesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder).filter((name) => /\.[cm]?[jt]s$/.test(name))
  } catch {
    return []
  }
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
      { next: 'npm install --save-dev tsx' },
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
