import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from './fail.js'

type Module = Record<string, unknown>

const TYPESCRIPT = new Set(['.ts', '.mts', '.cts', '.tsx'])

/**
 * Imports a file, a TypeScript one too.
 *
 * @throws UsageError when there is no such file, or nothing that reads TypeScript
 */
export const importModule = async (file: string): Promise<Module> => {
  const path = resolve(file)
  if (!existsSync(path)) throw new UsageError(`${file}: there is no such file`)
  if (TYPESCRIPT.has(extname(path))) await prepareTypeScript(file, path)
  return (await import(pathToFileURL(path).href)) as Module
}

/** Through tsx where the user has it; a Node that reads TypeScript itself does without. */
const prepareTypeScript = async (file: string, path: string): Promise<void> => {
  const tsx = findTsx(path)
  if (tsx) {
    // Importing it is what makes it work, as `node --import tsx` does.
    await import(pathToFileURL(tsx).href)
  } else if (!readsTypeScript()) {
    throw new UsageError(
      `${file} is TypeScript, which this Node does not read: install tsx (npm install --save-dev tsx), or compile it and run the .js file`,
    )
  }
}

const readsTypeScript = (): boolean => Boolean((process.features as { typescript?: unknown }).typescript)

/** Beside the file, else beside the folder of the one who asks. */
const findTsx = (path: string): string | undefined => {
  for (const from of [path, resolve('package.json')]) {
    try {
      return createRequire(from).resolve('tsx')
    } catch {
      // Not from here.
    }
  }
  return undefined
}
