// @ts-check
/** Figures about the source that need only its text and its syntax. */
import { dirname, join, normalize } from 'node:path/posix'
import ts from 'typescript'

/** @typedef {{ path: string, lines: number, tree: ts.SourceFile }} Source */

/** Files that a reader cannot take in at once have more lines than this. */
export const LONG_FILE_LINES = 300

/**
 * @param {Readonly<Record<string, string>>} texts by path, with forward slashes
 * @returns {Source[]}
 */
export const parse = (texts) =>
  Object.entries(texts).map(([path, text]) => ({
    path,
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true),
  }))

/** @param {readonly number[]} values */
export const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [lower = 0, upper = 0] =
    sorted.length % 2 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1)
  return (lower + upper) / 2
}

/**
 * All nodes of a tree that pass a test.
 * @template {ts.Node} T
 * @param {ts.Node} root
 * @param {(node: ts.Node) => node is T} test
 * @returns {T[]}
 */
const find = (root, test) => {
  /** @type {T[]} */
  const found = []
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (test(node)) found.push(node)
    ts.forEachChild(node, visit)
  }
  visit(root)
  return found
}

/**
 * Methods, constructors, accessors, and functions that a constant or a property holds. Functions that are only passed
 * on, such as the argument of `map`, belong to the function around them.
 * @param {ts.Node} node
 * @returns {node is ts.FunctionLikeDeclaration}
 */
const isNamedFunction = (node) => {
  if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return false
  if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node)) return true
  return ts.isVariableDeclaration(node.parent) || ts.isPropertyDeclaration(node.parent)
}

/** @param {ts.Node} node */
const linesOf = (node) => {
  const tree = node.getSourceFile()
  const lineAt = (/** @type {number} */ position) => tree.getLineAndCharacterOfPosition(position).line
  return lineAt(node.end) - lineAt(node.getStart()) + 1
}

/** @param {readonly Source[]} sources */
export const functionLines = (sources) =>
  sources.flatMap(({ tree }) => find(tree, isNamedFunction).map(linesOf))

/**
 * Whether a type is a function, also optional, in parentheses, or through an alias.
 * @param {ts.TypeNode | undefined} type
 * @param {ReadonlySet<string>} aliases names of function types
 * @returns {boolean}
 */
const isCallback = (type, aliases) => {
  if (type === undefined) return false
  if (ts.isFunctionTypeNode(type)) return true
  if (ts.isParenthesizedTypeNode(type)) return isCallback(type.type, aliases)
  if (ts.isUnionTypeNode(type)) return type.types.some((each) => isCallback(each, aliases))
  return ts.isTypeReferenceNode(type) && aliases.has(type.typeName.getText())
}

/**
 * The names of the aliases of function types, and of aliases of those.
 * @param {readonly Source[]} sources
 */
const functionAliases = (sources) => {
  const all = sources.flatMap(({ tree }) => find(tree, ts.isTypeAliasDeclaration))
  /** @type {Set<string>} */
  const names = new Set()
  for (let before = -1; before < names.size; ) {
    before = names.size
    for (const { name, type } of all) if (isCallback(type, names)) names.add(name.text)
  }
  return names
}

/**
 * The properties of interfaces that hold a function. A method is none: it belongs to an object with a name.
 * @param {readonly Source[]} sources
 */
export const callbackMembers = (sources) => {
  const aliases = functionAliases(sources)
  /** @param {ReadonlySet<string>} names @returns {string[]} `path: Interface.property` */
  const membersWith = (names) =>
    sources.flatMap(({ path, tree }) =>
      find(tree, ts.isInterfaceDeclaration).flatMap(({ name, members }) =>
        members
          .filter((member) => ts.isPropertySignature(member) && isCallback(member.type, names))
          .map((member) => `${path}: ${name.text}.${member.name?.getText()}`),
      ),
    )
  const writtenOut = membersWith(new Set())
  const all = membersWith(aliases)
  return { writtenOut, throughAlias: all.filter((member) => !writtenOut.includes(member)) }
}

/**
 * @param {readonly Source[]} sources
 * @returns {string[]} `path: Interface`
 */
export const optionInterfaces = (sources) =>
  sources.flatMap(({ path, tree }) =>
    find(tree, ts.isInterfaceDeclaration)
      .filter(({ name }) => /(Options|Parts)$/.test(name.text))
      .map(({ name }) => `${path}: ${name.text}`),
  )

/**
 * The folder whose own files have the most lines; folders below it count for themselves.
 * @param {readonly Source[]} sources
 */
export const largestFolder = (sources) => {
  const folders = [...new Set(sources.map(({ path }) => dirname(path)))].map((folder) => {
    const files = sources.filter(({ path }) => dirname(path) === folder)
    return { path: folder, files: files.length, lines: linesIn(files) }
  })
  return folders.toSorted((a, b) => b.lines - a.lines)[0] ?? { path: '.', files: 0, lines: 0 }
}

/** @param {readonly Source[]} sources */
export const linesIn = (sources) => sources.reduce((sum, { lines }) => sum + lines, 0)

/**
 * What each file imports of the others, types included.
 * @param {readonly Source[]} sources
 * @returns {Map<string, string[]>}
 */
const importsOf = (sources) => {
  const paths = new Set(sources.map(({ path }) => path))
  return new Map(
    sources.map(({ path, tree }) => [
      path,
      ts
        .preProcessFile(tree.text)
        .importedFiles.map(({ fileName }) => normalize(join(dirname(path), fileName.replace(/\.js$/, '.ts'))))
        .filter((target) => paths.has(target)),
    ]),
  )
}

/**
 * Groups of files that import each other in a circle (strongly connected components, by Tarjan's algorithm).
 * @param {readonly Source[]} sources
 * @returns {string[][]}
 */
export const cycles = (sources) => {
  const imports = importsOf(sources)
  /** @type {string[][]} */
  const found = []
  /** @type {string[]} */
  const stack = []
  /** @type {Map<string, number>} the place in the order of visits; `Infinity` once a file's group is complete */
  const places = new Map()
  /** @param {string} path @returns {number} the lowest place that can be reached */
  const visit = (path) => {
    const place = places.size
    places.set(path, place)
    stack.push(path)
    const reached = (imports.get(path) ?? []).map((target) => places.get(target) ?? visit(target))
    const lowest = Math.min(place, ...reached)
    if (lowest === place) {
      const group = stack.splice(stack.indexOf(path))
      for (const each of group) places.set(each, Number.POSITIVE_INFINITY)
      if (group.length > 1 || imports.get(path)?.includes(path)) found.push(group.toSorted())
    }
    return lowest
  }
  for (const path of imports.keys()) if (!places.has(path)) visit(path)
  return found
}
