import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import type { Block } from './blocks.js'
import { PAGE_NAMES } from './page-names.js'

/** A module that the compiler reads instead of a file. */
export interface VirtualFile {
  /** Relative to the repository. */
  readonly path: string
  readonly text: string
  /** Shows the place in the document for a place in the module. */
  readonly locate: (line: number) => string
}

/** The folder in which the modules seem to lie. There, `avtomatika-worker` is the built package of the repository. */
const FOLDER = 'documents'

/** Each page may use this worker without declaring it. */
const WORKER = `import { Worker } from 'avtomatika-worker'\nexport declare const worker: Worker\n`
/** A block without imports also has all names of the package. */
const PACKAGE = `export * from 'avtomatika-worker'\n`

const EXTENSIONS: Readonly<Record<string, string>> = {
  ts: 'ts',
  typescript: 'ts',
  tsx: 'tsx',
  js: 'mjs',
  javascript: 'mjs',
  mjs: 'mjs',
  cjs: 'cjs',
}

/** The extension with which a module imports another one. */
const imported = (path: string): string => path.replace(/\.tsx?$/, '.js')

/** Whether the block is code that the compiler can read. */
export const isCode = ({ language }: Block): boolean => Object.hasOwn(EXTENSIONS, language)

const namesOf = (binding: ts.BindingName): readonly string[] =>
  ts.isIdentifier(binding)
    ? [binding.text]
    : binding.elements.flatMap((each) => (ts.isOmittedExpression(each) ? [] : namesOf(each.name)))

const importedNames = ({ importClause }: ts.ImportDeclaration): readonly string[] => {
  const { name, namedBindings: bindings } = importClause ?? {}
  const own = name ? [name.text] : []
  if (!bindings) return own
  if (ts.isNamespaceImport(bindings)) return [...own, bindings.name.text]
  return [...own, ...bindings.elements.map((each) => each.name.text)]
}

const declaredBy = (statement: ts.Statement): readonly string[] => {
  if (ts.isExportDeclaration(statement)) {
    const { exportClause } = statement
    return exportClause && ts.isNamedExports(exportClause)
      ? exportClause.elements.map(({ name }) => name.text)
      : []
  }
  if (ts.isImportDeclaration(statement)) return importedNames(statement)
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) => namesOf(name))
  const { name } = statement as ts.Statement & { name?: ts.Node }
  return name && ts.isIdentifier(name) ? [name.text] : []
}

/** Whether the module exports the names of the statement by itself. */
const isExported = (statement: ts.Statement): boolean => {
  const kinds = ts.canHaveModifiers(statement)
    ? ts.getModifiers(statement)?.map(({ kind }) => kind)
    : undefined
  return !!kinds?.includes(ts.SyntaxKind.ExportKeyword) && !kinds.includes(ts.SyntaxKind.DefaultKeyword)
}

/** Whether the statement exports names, its own or others. */
const exportsNames = (statement: ts.Statement): boolean =>
  ts.isExportDeclaration(statement) || isExported(statement)

/** The names in the module, also those of types. */
const identifiersIn = (source: ts.SourceFile): ReadonlySet<string> => {
  const found = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) found.add(node.text)
    node.forEachChild(visit)
  }
  visit(source)
  return found
}

/** `// worker.ts` in the first line of a block names its file. */
const fileNameOf = (code: string): string | undefined =>
  /^(?:\/\/|#) ([\w./-]+\.[cm]?[jt]sx?)\b/.exec(code)?.[1]

interface Context {
  /** The module from which a block gets each name of the blocks above it. */
  readonly visible: Map<string, string>
  readonly files: VirtualFile[]
  readonly folder: string
  readonly packageNames: ReadonlySet<string>
}

const importLine = (name: string, module: string): string =>
  `import { ${name} } from './${imported(module)}';`

/** The imports that a reader adds to a block: names of the blocks above, and names of the package. */
const importsFor = (
  context: Context,
  source: ts.SourceFile,
  own: ReadonlySet<string>,
  code: string,
): string => {
  const hasImports = /^import\b/m.test(code)
  return [...identifiersIn(source)]
    .filter((name) => !own.has(name))
    .map((name) => {
      const above = context.visible.get(name)
      if (above !== undefined) return importLine(name, above)
      return !hasImports && context.packageNames.has(name) ? importLine(name, 'package.ts') : ''
    })
    .join(' ')
}

/** Whether the statements return something, as the body of a handler does. */
const hasReturn = (source: ts.SourceFile): boolean => {
  const visit = (node: ts.Node): boolean =>
    ts.isReturnStatement(node) || (!ts.isFunctionLike(node) && (node.forEachChild(visit) ?? false))
  return source.statements.some(visit)
}

const extensionOf = ({ language, code }: Block): string => {
  const extension = EXTENSIONS[language] ?? 'ts'
  return extension === 'mjs' && /\brequire\(/.test(code) && !/^import /m.test(code) ? 'cjs' : extension
}

/** A block that shows an example: the whole example, in its own folder. */
const addExample = (context: Context, block: Block, path: string, text: string): void => {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const name = `${context.folder.split('/').at(-1)}-${block.line}.${path.split('.').at(-1)}`
  const file = join(dirname(path), name)
  const own = [...new Set(source.statements.flatMap(declaredBy))]
  context.files.push({
    path: file,
    text: `${text}\n${exportsOf(source, own)}\n`,
    locate: (line) => `${path}:${line}`,
  })
  for (const each of own) context.visible.set(each, relative(context.folder, file))
}

const exportsOf = (source: ts.SourceFile, own: readonly string[]): string => {
  const exported = new Set(source.statements.filter(exportsNames).flatMap(declaredBy))
  return `export { ${own.filter((each) => !exported.has(each)).join(', ')} }`
}

const addBlock = (context: Context, block: Block): void => {
  const extension = extensionOf(block)
  const name = `line-${block.line}.${extension}`
  const path = `${context.folder}/${name}`
  const locate = (line: number): string => `${block.page}:${block.line + line - 2}`
  if (extension === 'cjs') {
    context.files.push({ path, text: `\n${block.code}`, locate })
    return
  }
  const source = ts.createSourceFile(path, `${block.given}\n${block.code}`, ts.ScriptTarget.Latest, true)
  const own = [...new Set(source.statements.flatMap(declaredBy))]
  const header = `${importsFor(context, source, new Set(own), block.code)} ${block.given.replaceAll('\n', '; ')}`
  if (hasReturn(source)) {
    context.files.push({ path, text: `${header}; async () => {\n${block.code}\n}\n`, locate })
    return
  }
  context.files.push({ path, text: `${header}\n${block.code}\n${exportsOf(source, own)}\n`, locate })
  for (const each of own) context.visible.set(each, name)
  const fileName = fileNameOf(block.code)
  if (fileName !== undefined) addAlias(context, fileName, name)
}

/** Other blocks of the page may import the file that a block names. */
const addAlias = (context: Context, fileName: string, name: string): void => {
  const up = '../'.repeat(fileName.split('/').length - 1) || './'
  const path = `${context.folder}/${fileName}`
  const text = `export * from '${up}${imported(name)}'\n`
  const at = context.files.findIndex((file) => file.path === path)
  context.files.splice(at < 0 ? context.files.length : at, 1, { path, text, locate: () => path })
}

/** The names of a page about members. */
const addPageNames = (context: Context, text: string): void => {
  const path = `${context.folder}/names.ts`
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  context.files.push({ path, text, locate: (line) => `${path}:${line}` })
  for (const statement of source.statements.filter(exportsNames))
    for (const name of declaredBy(statement)) context.visible.set(name, 'names.ts')
}

const prelude = (folder: string): readonly VirtualFile[] =>
  [
    { path: `${folder}/given.ts`, text: WORKER },
    { path: `${folder}/package.ts`, text: PACKAGE },
    { path: `${folder}/worker.ts`, text: `export { worker } from './given.js'\n` },
  ].map((file) => ({ ...file, locate: () => file.path }))

/**
 * Returns a module for each block of code. A module sees the names of the blocks above it on the same page, as a reader
 * does. A region of an example stands for the whole example.
 */
export const modulesOf = (
  blocks: readonly Block[],
  exampleText: (path: string) => string,
  packageNames: ReadonlySet<string>,
): readonly VirtualFile[] => {
  const code = blocks.filter(isCode)
  return [...new Set(code.map(({ page }) => page))].flatMap((page) => {
    const folder = `${FOLDER}/${page.replaceAll(/[/.]/g, '-')}`
    const context = {
      visible: new Map([['worker', 'given.ts']]),
      files: [...prelude(folder)],
      folder,
      packageNames,
    }
    addPageNames(context, PAGE_NAMES[page] ?? '')
    for (const block of code.filter((each) => each.page === page)) {
      if (block.example) addExample(context, block, block.example, exampleText(block.example))
      else addBlock(context, block)
    }
    return context.files
  })
}
