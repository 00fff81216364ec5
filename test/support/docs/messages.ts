import ts from 'typescript'
import * as client from '../../../src/client/index.js'
import * as worker from '../../../src/index.js'
import * as testing from '../../../src/testing/index.js'
import { findInTree, sourcePaths, treeOf } from './sources.js'

/**
 * Who shows a message. `part` is the message of an error that no user gets by itself: it is a part of another one, or its cause.
 * `advice` is a sentence of a diagnosis, `expected` a part of a ConfigError.
 */
export type MessageKind = 'error' | 'part' | 'log' | 'warning' | 'output' | 'advice' | 'expected'

/** A text that users of the package see. */
export interface Message {
  readonly path: string
  readonly kind: MessageKind
  /** The text. Each value in it is shown as `…`. */
  readonly text: string
}

const LOG_METHODS = new Set(['debug', 'info', 'warn', 'error'])
/** Members whose texts `diagnose` and `doctor` show. */
const SENTENCES = new Set(['cause', 'evidence', 'remedy'])
/** Errors of JavaScript and of the command line that users see, too. */
const OTHERS = ['TypeError', 'RangeError', 'CommandError', 'UsageError', 'ShapeError', 'QuotaError']
const PUBLIC: ReadonlySet<string> = new Set([...[worker, client, testing].flatMap(Object.keys), ...OTHERS])

const nameOf = (node: ts.Expression): string =>
  ts.isIdentifier(node) ? node.text : ts.isPropertyAccessExpression(node) ? node.name.text : ''

/** The texts that an expression may have. A condition has several. */
const textsIn = (node: ts.Expression): readonly string[] => {
  if (ts.isStringLiteralLike(node)) return [node.text]
  if (ts.isTemplateExpression(node))
    return [node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('')]
  if (ts.isParenthesizedExpression(node)) return textsIn(node.expression)
  if (ts.isConditionalExpression(node)) return [...textsIn(node.whenTrue), ...textsIn(node.whenFalse)]
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [textsIn(node.left), textsIn(node.right)]
    return left.length === 0
      ? right
      : left.flatMap((start) => (right.length === 0 ? [`${start}…`] : right.map((end) => start + end)))
  }
  return []
}

/** A message has words. Other texts are codes, names and separators. */
const isMessage = (text: string): boolean => /\p{L}+.* .*\p{L}/su.test(text)

type Candidate = readonly [kind: MessageKind, text: ts.Expression | undefined]

const ofCall = ({ expression, arguments: given }: ts.CallExpression): readonly Candidate[] => {
  if (expression.kind === ts.SyntaxKind.SuperKeyword) return given.map((each) => ['error', each])
  if (!ts.isPropertyAccessExpression(expression)) return []
  const name = expression.name.text
  if (name === 'emitWarning') return [['warning', given[0]]]
  if (nameOf(expression.expression) === 'console') return given.map((each) => ['output', each])
  return LOG_METHODS.has(name) && given.length === 2 ? [['log', given[1]]] : []
}

const ofNew = (node: ts.NewExpression): readonly Candidate[] => {
  const name = nameOf(node.expression)
  const kind = PUBLIC.has(name) ? 'error' : 'part'
  return /(Error|Answer|Cut)$/.test(name) ? (node.arguments ?? []).map((each) => [kind, each]) : []
}

const ofMember = (node: ts.PropertyAssignment): readonly Candidate[] => {
  const name = node.name.getText()
  if (name === 'expected') return [['expected', node.initializer]]
  return SENTENCES.has(name) ? [['advice', node.initializer]] : []
}

const candidatesIn = (node: ts.Node): readonly Candidate[] => {
  if (ts.isCallExpression(node)) return ofCall(node)
  if (ts.isNewExpression(node)) return ofNew(node)
  if (ts.isPropertyAssignment(node)) return ofMember(node)
  // The default message of an error.
  return ts.isParameter(node) && node.name.getText() === 'message' ? [['error', node.initializer]] : []
}

const messagesOf = (path: string): readonly Message[] =>
  findInTree(treeOf(path), (node) =>
    candidatesIn(node).flatMap(([kind, expression]) =>
      (expression ? textsIn(expression) : []).filter(isMessage).map((text) => ({ path, kind, text })),
    ),
  )

/** Returns every message in `src/`, in the order of the files. */
export const allMessages = (): readonly Message[] => sourcePaths().flatMap(messagesOf)
