/** What the scripts share that write files from the source. */
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** The full path of a file of the repository. */
export const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** Reads source files with the settings of the project. */
export const programOf = (paths: readonly string[]): ts.Program => {
  const { config } = ts.readConfigFile(at('tsconfig.json'), ts.sys.readFile)
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, at('.'))
  return ts.createProgram(paths.map(at), options)
}

/** Returns an export of a source file, as the compiler sees it. */
export const exportOf = (path: string, name: string): { symbol: ts.Symbol; checker: ts.TypeChecker } => {
  const program = programOf([path])
  const checker = program.getTypeChecker()
  const module = checker.getSymbolAtLocation(program.getSourceFile(at(path)) as ts.Node) as ts.Symbol
  const symbol = checker.getExportsOfModule(module).find((each) => each.name === name) as ts.Symbol
  return { symbol, checker }
}

/** Returns text as code of Markdown. */
export const code = (text: string): string => `\`${text}\``

/** Returns text for a cell of a Markdown table, which contains neither the character that ends it nor a line break. */
export const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ')

/** Replaces what is between the two groups of `region`. */
export const between = (text: string, region: RegExp, lines: readonly string[]): string => {
  if (!region.test(text)) throw new Error(`There is no region ${region}`)
  return text.replace(region, (_all, before, after) => `${before}${lines.join('\n')}\n${after}`)
}

/** Replaces what is between the comments `name` and `/name` of a document. */
export const inDocument = (text: string, name: string, lines: readonly string[]): string =>
  between(text, new RegExp(`(<!-- ${name} -->\n).*?(<!-- /${name} -->)`, 's'), lines)
