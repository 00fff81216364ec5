import ts from 'typescript'
import { findInTree, sourcePaths, treeOf } from './sources.js'

/** These files have lists of codes, not errors. */
const LISTS = ['src/error-codes.ts', 'src/index.ts']
/** A code of an error, unlike the name of a variable or a signal. */
const CODE = /^[A-Z][A-Z]*(_[A-Z]+)*$/

/** The expressions that may be codes: arguments of `new …Error(…)` and `super(…)`, and values of `…_ERROR` and of `code`. */
const candidatesIn = (node: ts.Node): readonly (ts.Expression | undefined)[] => {
  if (ts.isNewExpression(node)) return /Error$/.test(node.expression.getText()) ? (node.arguments ?? []) : []
  if (ts.isCallExpression(node))
    return node.expression.kind === ts.SyntaxKind.SuperKeyword ? node.arguments : []
  if (ts.isVariableDeclaration(node)) return /_ERROR$/.test(node.name.getText()) ? [node.initializer] : []
  return ts.isParameter(node) && node.name.getText() === 'code' ? [node.initializer] : []
}

const isCode = (node: ts.Expression | undefined): node is ts.StringLiteral =>
  node !== undefined && ts.isStringLiteral(node) && CODE.test(node.text)

/** Returns every code that an error in `src/` has, sorted. The command line names its two in another way. */
export const codesInSource = (): readonly string[] => {
  const paths = sourcePaths().filter((path) => !LISTS.includes(path))
  const codes = paths.flatMap((path) => findInTree(treeOf(path), (node) => candidatesIn(node).filter(isCode)))
  return [...new Set(codes.map(({ text }) => text))].sort()
}
