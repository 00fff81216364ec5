/** Reads the exported names of the entry points and their docstrings. */
import { relative } from 'node:path'
import ts from 'typescript'
import { at, programOf } from '../generated.js'
import { shownType } from './shown-type.js'

/** A docstring, taken apart. Links to names are still `{@link Name}`. */
export interface Docs {
  readonly text: string
  readonly params: ReadonlyMap<string, string>
  readonly returns: string | undefined
  readonly throws: readonly string[]
  readonly examples: readonly string[]
}

/** A parameter of a method. */
export interface Parameter {
  readonly name: string
  readonly type: string
  readonly isOptional: boolean
  readonly meaning: string
}

/** A member of a class or an interface, or one overload of it. */
export interface Member {
  readonly name: string
  readonly docs: Docs
  readonly isOptional: boolean
  /** The type of a property, or the type that a method returns. */
  readonly type: string
  /** `undefined` for a property. */
  readonly parameters: readonly Parameter[] | undefined
  /** Whether a base class or a base interface declares it. */
  readonly isInherited?: boolean
}

/** One exported name. */
export interface Described {
  readonly name: string
  readonly docs: Docs
  readonly members: readonly Member[]
  /** What the name stands for, if it has no members. */
  readonly type: string
  /** Whether the name exists for the compiler only. */
  readonly isType: boolean
  /** The base classes, the nearest first. */
  readonly bases: readonly string[]
}

/** The entry points, by the name under which users import them. */
export const ENTRIES = {
  'avtomatika-worker': 'src/index.ts',
  'avtomatika-worker/client': 'src/client/index.ts',
  'avtomatika-worker/dev': 'src/dev/index.ts',
  'avtomatika-worker/testing': 'src/testing/index.ts',
} as const

/** The name of an entry point. */
export type EntryName = keyof typeof ENTRIES

/** Everything that the entry points export. */
export type Api = Readonly<Record<EntryName, ReadonlyMap<string, Described>>>

const SOURCES = at('src/')

type Jsdoc = readonly (ts.JSDoc | ts.JSDocTag)[]

const textIn = (comment: string | ts.NodeArray<ts.JSDocComment> | undefined): string =>
  (ts.getTextOfJSDocComment(comment) ?? '').trim()

const docsFrom = (nodes: Jsdoc): Docs => {
  const own = nodes.filter(ts.isJSDoc).at(-1)
  const tags: readonly ts.JSDocTag[] = own?.tags ?? []
  const named = (name: string) => tags.filter(({ tagName }) => tagName.text === name)
  const [returns] = named('returns').map(({ comment }) => textIn(comment))
  return {
    text: textIn(own?.comment),
    params: new Map(
      tags
        .filter(ts.isJSDocParameterTag)
        .map(({ name, comment }) => [name.getText(), textIn(comment).replace(/^- /, '')]),
    ),
    returns,
    throws: named('throws').map(({ comment }) => textIn(comment)),
    examples: named('example').map(({ comment }) => textIn(comment)),
  }
}

const docsOf = (node: ts.Node): Docs => docsFrom(ts.getJSDocCommentsAndTags(node))
const hasDocs = (node: ts.Node): boolean => docsOf(node).text !== ''
const isInternal = (node: ts.Node): boolean =>
  ts.getJSDocTags(node).some((tag) => tag.tagName.text === 'internal')

type Signature =
  | ts.MethodDeclaration
  | ts.MethodSignature
  | ts.ConstructorDeclaration
  | ts.FunctionDeclaration
type Callable = Signature | ts.ArrowFunction | ts.FunctionTypeNode

const isSignature = (node: ts.Node): node is Signature =>
  ts.isMethodDeclaration(node) ||
  ts.isMethodSignature(node) ||
  ts.isConstructorDeclaration(node) ||
  ts.isFunctionDeclaration(node)

/** The body of an overloaded function has a signature that callers do not see. */
const isImplementation = (node: ts.Node, all: readonly ts.Node[]): boolean =>
  all.length > 1 && 'body' in node && node.body !== undefined

const parameterOf = (node: ts.ParameterDeclaration, docs: Docs, owner: Callable): Parameter => {
  const name = ts.isIdentifier(node.name) ? node.name.text : 'options'
  const isOptional = node.questionToken !== undefined || node.initializer !== undefined
  const dots = node.dotDotDotToken ? '...' : ''
  const type = node.type ? shownType(node.type, owner) : shownInitializer(node)
  return { name: dots + name, type, isOptional, meaning: docs.params.get(name) ?? '' }
}

/** A parameter without a type has a default. */
const shownInitializer = ({ initializer }: ts.ParameterDeclaration): string =>
  initializer && ts.isNumericLiteral(initializer) ? 'number' : 'string'

const callable = (name: string, node: Callable, docs: Docs): Member => ({
  name,
  docs,
  isOptional: false,
  type: node.type ? shownType(node.type, node) : '',
  parameters: node.parameters.map((parameter) => parameterOf(parameter, docs, node)),
})

const property = (name: string, node: ts.Node, docs: Docs): Member => {
  const { type, questionToken, parent } = node as ts.PropertySignature
  const isOptional = questionToken !== undefined
  // A member such as `progress: (fraction) => void` is called like a method. An option is not.
  if (type && ts.isFunctionTypeNode(type) && !isOptional) return callable(name, type, docs)
  const owner = ts.isInterfaceDeclaration(parent) ? parent : undefined
  return { name, docs, isOptional, type: type ? shownType(type, owner) : '', parameters: undefined }
}

/** Above this length, the members of a type have lines of their own. */
const LONGEST_TYPE = 60

/** A property, and the members of its type if they have no name of their own: `slots`, `slots.limit`, `slots.used`. */
const properties = (name: string, node: ts.Node): Member[] => {
  const { type } = node as ts.PropertySignature
  const own = property(name, node, docsOf(node))
  if (!type || !ts.isTypeLiteralNode(type) || own.type.length <= LONGEST_TYPE) return [own]
  const inner = type.members.filter(ts.isPropertySignature)
  return [
    { ...own, type: 'object' },
    ...inner.flatMap((each) => properties(`${name}.${each.name.getText()}`, each)),
  ]
}

const isDeclaredHere = (node: ts.Node): boolean => node.getSourceFile().fileName.startsWith(SOURCES)
const isShown = (node: ts.Node): boolean => {
  const name = ts.getNameOfDeclaration(node as ts.Declaration)
  return !isInternal(node) && !(name && ts.isPrivateIdentifier(name))
}

/** Reads one program. */
class Reader {
  readonly #checker: ts.TypeChecker
  readonly #program: ts.Program

  constructor() {
    this.#program = programOf(Object.values(ENTRIES))
    this.#checker = this.#program.getTypeChecker()
  }

  exportsOf(path: string): ReadonlyMap<string, Described> {
    const file = this.#program.getSourceFile(at(path)) as ts.SourceFile
    const module = this.#checker.getSymbolAtLocation(file) as ts.Symbol
    const symbols = this.#checker.getExportsOfModule(module)
    return new Map(symbols.map((symbol) => [symbol.name, this.#describe(symbol)]))
  }

  #describe(exported: ts.Symbol): Described {
    const isAlias = exported.flags & ts.SymbolFlags.Alias
    const symbol = isAlias ? this.#checker.getAliasedSymbol(exported) : exported
    const declarations = (symbol.declarations ?? []).filter(isDeclaredHere)
    const main = declarations.find((node) => !ts.isInterfaceDeclaration(node)) ?? declarations[0]
    if (!main) throw new Error(`${exported.name} is not declared in ${relative(at('.'), SOURCES)}`)
    const initializer = ts.isVariableDeclaration(main) ? main.initializer : undefined
    const docs = docsOf(main)
    const own =
      initializer && ts.isArrowFunction(initializer) ? [callable(exported.name, initializer, docs)] : []
    const overloads = declarations
      .filter(ts.isFunctionDeclaration)
      .filter((node, _, all) => !isImplementation(node, all))
    return {
      name: exported.name,
      docs,
      members: [
        ...own,
        ...overloads.map((node) => callable(exported.name, node, docsOf(node))),
        ...(ts.isClassDeclaration(main) || ts.isInterfaceDeclaration(main)
          ? this.#members(symbol, main)
          : []),
      ],
      type: ts.isTypeAliasDeclaration(main) ? shownType(main.type) : this.#valueOf(main),
      isType: !(symbol.flags & ts.SymbolFlags.Value),
      bases: this.#basesOf(symbol),
    }
  }

  #valueOf(node: ts.Node): string {
    const { initializer } = node as ts.VariableDeclaration
    return initializer && ts.isStringLiteral(initializer) ? 'string' : ''
  }

  #basesOf(symbol: ts.Symbol): readonly string[] {
    if (!(symbol.flags & ts.SymbolFlags.Class)) return []
    const names: string[] = []
    let type = this.#checker.getDeclaredTypeOfSymbol(symbol) as ts.InterfaceType
    for (;;) {
      const base = this.#checker.getBaseTypes(type)[0]
      if (!base) return names
      names.push(base.symbol.name)
      type = base as ts.InterfaceType
    }
  }

  #members(symbol: ts.Symbol, node: ts.ClassDeclaration | ts.InterfaceDeclaration): Member[] {
    const type = this.#checker.getDeclaredTypeOfSymbol(symbol)
    const constructors = ts.isClassDeclaration(node) ? node.members.filter(ts.isConstructorDeclaration) : []
    return [
      ...constructors.filter(isShown).map((each) => callable('constructor', each, docsOf(each))),
      ...type.getProperties().flatMap((member) => this.#member(member, node)),
    ]
  }

  #member(symbol: ts.Symbol, owner: ts.Node): Member[] {
    const all = (symbol.declarations ?? []).filter(isDeclaredHere).filter(isShown)
    const name = symbol.name.replace(/^__@(\w+)@\d+$/, '[Symbol.$1]')
    const visible = all.filter((node) => !isImplementation(node, all) && !ts.isSetAccessor(node))
    const documented = visible.some(hasDocs) ? visible : this.#inherited(symbol, owner, visible)
    const isInherited = !visible.some(({ parent }) => parent === owner)
    return documented
      .flatMap((node) => (isSignature(node) ? callable(name, node, docsOf(node)) : properties(name, node)))
      .map((each) => ({ ...each, isInherited }))
  }

  /** The declarations of the interface that a class implements: they have the docstrings. */
  #inherited(symbol: ts.Symbol, owner: ts.Node, own: readonly ts.Node[]): readonly ts.Node[] {
    if (!ts.isClassDeclaration(owner)) return own
    const types = owner.heritageClauses?.flatMap(({ types }) => types) ?? []
    for (const type of types) {
      const base = this.#checker.getTypeAtLocation(type).getProperty(symbol.name)
      const declarations = base?.declarations?.filter(isDeclaredHere) ?? []
      if (declarations.some(hasDocs)) return declarations
    }
    return own
  }
}

/** Reads everything that the entry points export. */
export const readApi = (): Api => {
  const reader = new Reader()
  const entries = Object.entries(ENTRIES).map(([name, path]) => [name, reader.exportsOf(path)])
  return Object.fromEntries(entries) as Api
}
