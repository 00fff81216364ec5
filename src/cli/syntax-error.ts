import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where a module cannot be parsed or linked. */
export interface SyntaxFault {
  readonly path: string
  readonly line: number
  readonly message: string
  /** The line of code with a mark below it. Empty if it is not known. */
  readonly frame: string
}

/**
 * Finds where the code is that cannot be parsed.
 *
 * @param error - what the import of the file threw
 * @returns undefined if the error is another one, or if the place cannot be found
 */
export const findSyntaxFault = async (error: unknown, file: string): Promise<SyntaxFault | undefined> => {
  if (!(error instanceof Error)) return undefined
  const known = faultInTransform(error.message) ?? faultInStack(error.stack ?? '')
  if (known || !isUnplaced(error)) return known
  for (const path of filesOf(file)) {
    const fault = faultInStack(await syntaxCheck(path))
    if (fault) return fault
  }
  return undefined
}

/** Returns the message for the user. Pure. @param folder - paths inside are shown relative to it */
export const describeFault = (file: string, fault: SyntaxFault, folder: string): string => {
  const inside = relative(folder, fault.path)
  const shown = inside.startsWith('..') ? fault.path : inside
  const head = `Cannot load ${file}: syntax error in ${shown}:${fault.line}: ${fault.message}`
  return fault.frame === '' ? head : `${head}\n${fault.frame}`
}

/** Reads the message of esbuild, which tsx uses. Pure. */
export const faultInTransform = (text: string): SyntaxFault | undefined => {
  const [, path, line, column, message] = /^(.+?):(\d+):(\d+): ERROR: (.+)$/m.exec(text) ?? []
  if (path === undefined || message === undefined) return undefined
  return { path, line: Number(line), message: `${message} (column ${Number(column) + 1})`, frame: '' }
}

/** Reads the place, the code and the message that Node puts above a stack. Pure. */
export const faultInStack = (text: string): SyntaxFault | undefined => {
  const [, place = '', line, frame, message] =
    /^(\S[^\n]*):(\d+)\n((?:[^\n]*\n)*?\s*\^+)\s*\n+SyntaxError[^:\n]*: ([^\n]+)/.exec(text) ?? []
  if (frame === undefined || message === undefined) return undefined
  const path = place.startsWith('file:') ? fileURLToPath(place) : place
  return { path, line: Number(line), message, frame }
}

/**
 * Returns whether the module loader of Node has thrown the error and has not told the place, as with an ES module. Pure. Code
 * that calls `JSON.parse` has a frame of its own in the stack.
 */
const isUnplaced = ({ name, stack = '' }: Error): boolean =>
  name === 'SyntaxError' && !/^\s+at (?!.*\(node:|async .*\(node:|node:)/m.test(stack)

/** Parsing 100 files takes about 5 s. */
const MAX_FILES = 100
const PARSED_BY_NODE = new Set(['.js', '.mjs', '.cjs'])
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g

/** Yields the JavaScript files that a file imports by a relative path, itself first. */
function* filesOf(entry: string): Generator<string> {
  const paths = new Set([resolve(entry)])
  for (const path of paths) {
    if (PARSED_BY_NODE.has(extname(path))) yield path
    for (const [, specifier = ''] of readFileSync(path, 'utf8').matchAll(IMPORT)) {
      const imported = resolve(dirname(path), specifier)
      const found = [imported, imported.replace(/js$/, 'ts')].find(existsSync)
      if (found !== undefined && extname(found) !== '' && paths.size < MAX_FILES) paths.add(found)
    }
  }
}

/** Parses a file in a process of its own, without running it. @returns what Node prints about the file */
const syntaxCheck = (path: string): Promise<string> =>
  new Promise((done) => {
    execFile(process.execPath, ['--check', path], (_error, _stdout, stderr) => done(stderr))
  })
