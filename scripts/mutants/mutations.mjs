// @ts-check
/** The small changes to a source file that its tests should notice. Pure: text in, changes out. */
import ts from 'typescript'
import { spotOf } from './reached.mjs'

/**
 * One change: `text` takes the place of what lies between `start` and `end`. The spot is what runs whenever the change
 * could make a difference; it is missing where nothing can be put around the code.
 * @typedef {{ line: number, start: number, end: number, text: string, what: string, code: string, spot?: Spot }} Mutation
 */
/** @typedef {import('./reached.mjs').Spot} Spot */

/** Calls that end something: a timer, a listener, a request, a task. */
const ENDINGS = new Set([
  'abort',
  'cancel',
  'clearInterval',
  'clearTimeout',
  'off',
  'removeAllListeners',
  'removeEventListener',
  'removeListener',
  'unref',
])

/** @type {ReadonlyMap<ts.SyntaxKind, string>} */
const OPPOSITES = new Map([
  [ts.SyntaxKind.LessThanToken, '<='],
  [ts.SyntaxKind.LessThanEqualsToken, '<'],
  [ts.SyntaxKind.GreaterThanToken, '>='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '>'],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [ts.SyntaxKind.AmpersandAmpersandToken, '||'],
  [ts.SyntaxKind.BarBarToken, '&&'],
])

/**
 * Every change to the text of one TypeScript file, from its beginning to its end.
 * @param {string} path
 * @param {string} text
 * @returns {Mutation[]}
 */
export const mutationsIn = (path, text) => {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  /** @type {Mutation[]} */
  const found = []

  /**
   * @param {ts.Node} node
   * @param {string} what
   * @param {string} replacement
   */
  const replace = (node, what, replacement) => {
    const [start, end] = [node.getStart(file), node.getEnd()]
    const line = file.getLineAndCharacterOfPosition(start).line + 1
    const code = text.slice(start, end).replace(/\s+/g, ' ')
    const spot = spotOf(what === 'operator swapped' ? node.parent : node)
    found.push({ line, start, end, text: replacement, what, code, ...(spot && { spot }) })
  }

  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return
    for (const mutate of operators) mutate(node, replace)
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found.sort((one, other) => one.start - other.start)
}

/** @typedef {(node: ts.Node, what: string, replacement: string) => void} Replace */
/** @typedef {(node: ts.Node, replace: Replace) => void} Operator */

/** @type {Operator} */
const negateCondition = (node, replace) => {
  const condition = ts.isConditionalExpression(node)
    ? node.condition
    : ts.isIfStatement(node) || ts.isWhileStatement(node)
      ? node.expression
      : undefined
  if (condition) replace(condition, 'condition negated', `!(${condition.getText()})`)
}

/**
 * `if (a) return b` that is not the last statement: the function goes on.
 * @type {Operator}
 */
const removeEarlyReturn = (node, replace) => {
  if (!ts.isIfStatement(node) || node.elseStatement) return
  const { thenStatement: then } = node
  const last = ts.isBlock(then) ? then.statements.at(-1) : then
  if (last && ts.isReturnStatement(last)) replace(last, 'early return removed', ';')
}

/**
 * A statement must not begin with a parenthesis, which would call what the line before ends with.
 * @type {Operator}
 */
const dropAwait = (node, replace) => {
  if (!ts.isAwaitExpression(node)) return
  const isStatement = ts.isExpressionStatement(node.parent)
  replace(node, 'await dropped', `${isStatement ? 'void ' : ''}(${node.expression.getText()})`)
}

/**
 * The name of what is called: `clearTimeout(a)`, `a.b.cancel()`, `a?.cancel()`.
 * @param {ts.CallExpression} call
 */
const nameOf = ({ expression }) => {
  if (ts.isPropertyAccessExpression(expression)) return expression.name.text
  return ts.isIdentifier(expression) ? expression.text : ''
}

/** @type {Operator} */
const removeEnding = (node, replace) => {
  if (ts.isCallExpression(node) && ENDINGS.has(nameOf(node)))
    replace(node, `${nameOf(node)} removed`, 'void 0')
}

/** @type {Operator} */
const changeNumber = (node, replace) => {
  if (!ts.isNumericLiteral(node)) return
  const value = Number(node.text.replaceAll('_', ''))
  replace(node, 'number raised', String(2 * value + 1))
  replace(node, 'number lowered', value === 0 ? '(-1)' : '0')
}

/** @type {Operator} */
const flipBoolean = (node, replace) => {
  if (node.kind === ts.SyntaxKind.TrueKeyword) replace(node, 'boolean flipped', 'false')
  if (node.kind === ts.SyntaxKind.FalseKeyword) replace(node, 'boolean flipped', 'true')
}

/**
 * `a ?? b`, `(a = b) => …` and `const { a = b } = c` without the `b`.
 * @type {Operator}
 */
const dropDefault = (node, replace) => {
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken)
    replace(node, 'default dropped', `(${node.left.getText()})`)
  if ((ts.isParameter(node) || ts.isBindingElement(node)) && node.initializer)
    replace(node.initializer, 'default dropped', 'undefined')
}

/** @type {Operator} */
const swapOperator = (node, replace) => {
  if (!ts.isBinaryExpression(node)) return
  const opposite = OPPOSITES.get(node.operatorToken.kind)
  if (opposite) replace(node.operatorToken, 'operator swapped', opposite)
}

/** @type {Operator} */
const emptyBlock = (node, replace) => {
  if (ts.isBlock(node) && node.statements.length > 0) replace(node, 'block emptied', '{}')
}

const operators = [
  negateCondition,
  removeEarlyReturn,
  dropAwait,
  removeEnding,
  changeNumber,
  flipBoolean,
  dropDefault,
  swapOperator,
  emptyBlock,
]

/**
 * The text with one change.
 * @param {string} text
 * @param {Pick<Mutation, 'start' | 'end' | 'text'>} mutation
 */
export const apply = (text, mutation) =>
  text.slice(0, mutation.start) + mutation.text + text.slice(mutation.end)

/**
 * `count` of the items, in an order that the seed alone decides (mulberry32 and a shuffle from the end).
 * @template T
 * @param {readonly T[]} items
 * @param {number} count
 * @param {number} seed
 * @returns {T[]}
 */
export const sample = (items, count, seed) => {
  let state = seed >>> 0
  const dice = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const left = [...items]
  /** @type {T[]} */
  const taken = []
  while (left.length > 0 && taken.length < count)
    taken.push(...left.splice(Math.floor(dice() * left.length), 1))
  return taken
}
