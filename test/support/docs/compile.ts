import { dirname, join } from 'node:path'
import ts from 'typescript'
import { ROOT } from './pages.js'
import type { VirtualFile } from './programs.js'

/** A program of a user: as strict as the compiler can be, without the paths that lead to the sources of the package. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  allowJs: true,
  checkJs: true,
  jsx: ts.JsxEmit.Preserve,
  skipLibCheck: true,
  noEmit: true,
}

/** A parameter without a type, which JavaScript cannot have. */
const ONLY_FOR_TYPESCRIPT = new Set([7006, 7031])
/** `Cannot find module`. */
const NO_MODULE = 2307

/** Packages that documents import and that this repository does not install, because of their size. */
const NOT_INSTALLED = ['@opentelemetry/sdk-node', '@opentelemetry/auto-instrumentations-node']

const isExpected = ({ code, file, messageText }: ts.Diagnostic): boolean => {
  if (ONLY_FOR_TYPESCRIPT.has(code)) return /js$/.test(file?.fileName ?? '')
  const text = ts.flattenDiagnosticMessageText(messageText, '\n')
  return code === NO_MODULE && NOT_INSTALLED.some((name) => text.includes(`'${name}'`))
}

const messageOf = (diagnostic: ts.Diagnostic, files: ReadonlyMap<string, VirtualFile>): string => {
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')
  const { file, start = 0 } = diagnostic
  if (!file) return text
  const line = file.getLineAndCharacterOfPosition(start).line + 1
  const place = files.get(file.fileName)?.locate(line) ?? `${file.fileName}:${line}`
  return `${place} ${text}`
}

/** Compiles all modules as one program. Returns the messages of the compiler, each with its place in a document. */
export const compile = (modules: readonly VirtualFile[]): readonly string[] => {
  const files = new Map(modules.map((file) => [join(ROOT, file.path), file]))
  const folders = new Set([...files.keys()].flatMap((path) => [dirname(path), dirname(dirname(path))]))
  const host = ts.createCompilerHost(OPTIONS)
  const { fileExists, readFile, directoryExists, getSourceFile } = host
  host.fileExists = (path) => files.has(path) || fileExists(path)
  host.readFile = (path) => files.get(path)?.text ?? readFile(path)
  host.directoryExists = (path) => folders.has(path) || (directoryExists?.(path) ?? true)
  host.getSourceFile = (path, target, ...rest) => {
    const text = files.get(path)?.text
    return text === undefined
      ? getSourceFile(path, target, ...rest)
      : ts.createSourceFile(path, text, target, true)
  }
  const program = ts.createProgram([...files.keys()], OPTIONS, host)
  const found = ts.getPreEmitDiagnostics(program).filter((each) => !isExpected(each))
  const marked = new Set([...files.values()].flatMap(markedPlaces))
  const isMarked = (message: string): boolean => marked.has(message.split(' ')[0] ?? '')
  const messages = found.map((each) => messageOf(each, files))
  const compiled = [...marked].filter((place) => !messages.some((each) => each.startsWith(`${place} `)))
  return [
    ...messages.filter((message) => !isMarked(message)),
    ...compiled.map((place) => `${place} compiles, although its comment says that it does not`),
  ]
}

/** The places of lines that a document shows as wrong. */
const markedPlaces = ({ text, locate }: VirtualFile): readonly string[] =>
  text.split('\n').flatMap((line, index) => (line.includes('// does not compile') ? [locate(index + 1)] : []))

/** The names that a declaration file exports. */
export const namesExportedBy = (path: string): ReadonlySet<string> => {
  const program = ts.createProgram([join(ROOT, path)], OPTIONS)
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(join(ROOT, path))
  const symbol = source && checker.getSymbolAtLocation(source)
  return new Set(symbol ? checker.getExportsOfModule(symbol).map(({ name }) => name) : [])
}
