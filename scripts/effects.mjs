// @ts-check
/**
 * Each effect has one place in `src/`. This check names the files that use an effect outside of its place.
 * It reads the syntax tree and no types, so it finds habits and no deliberate tricks.
 *
 *   node scripts/effects.mjs [root]
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { isMain } from './is-main.mjs'

/** The files that may use the effect, as paths below `src/`. */
const places = {
  'process.env': [/^config\/env\.ts$/, /^(cli|testing)\//],
  console: [/^logger\.ts$/, /^cli\//],
  timer: [/^utils\/time\.ts$/],
  clock: [/^utils\/time\.ts$/],
  signal: [/^runtime\/shutdown\.ts$/],
  'wildcard re-export': [],
}

/** @typedef {keyof typeof places} Effect */
/** @typedef {{ effect: Effect, path: string, line: number, code: string }} Finding */

const timers = new Set(['setTimeout', 'setInterval', 'setImmediate'])
const clocks = new Set(['Date.now', 'performance.now', 'process.hrtime', 'process.uptime'])
const listens = /^(on|once|addListener|prependListener|prependOnceListener)$/

/** @type {Record<string, Effect>} */
const effectOfModule = { timers: 'timer', 'timers/promises': 'timer', console: 'console' }

/**
 * Returns `a.b` and `a['b']` as "a.b", without a leading `globalThis.`.
 * @param {ts.Node} node
 * @returns {string | undefined}
 */
const dotted = (node) => {
  if (ts.isIdentifier(node)) return node.text
  if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return undefined
  const name = ts.isPropertyAccessExpression(node) ? node.name : node.argumentExpression
  const owner = dotted(node.expression)
  if (owner === undefined || !(ts.isIdentifier(name) || ts.isStringLiteral(name))) return undefined
  return `${owner}.${name.text}`.replace(/^(globalThis|global)\./, '')
}

/**
 * @param {ts.ImportDeclaration} node
 * @returns {Effect | undefined}
 */
const effectOfImport = (node) => {
  if (!ts.isStringLiteral(node.moduleSpecifier)) return undefined
  const module = node.moduleSpecifier.text.replace(/^node:/, '')
  const named = node.importClause?.namedBindings
  const names = named && ts.isNamedImports(named) ? named.elements : []
  if (module === 'process' && names.some((each) => (each.propertyName ?? each.name).text === 'env')) {
    return 'process.env'
  }
  return effectOfModule[module]
}

/**
 * @param {ts.CallExpression} node
 * @returns {Effect | undefined}
 */
const effectOfCall = (node) => {
  const [owner, method] = dotted(node.expression)?.split('.') ?? []
  if (owner !== 'process' || !listens.test(method ?? '')) return undefined
  const event = node.arguments[0]
  const harmless = event && ts.isStringLiteral(event) && !event.text.startsWith('SIG')
  return harmless ? undefined : 'signal'
}

/**
 * Treats `a.b` as a whole. Its parts are not checked again.
 * @param {ts.Node} node
 * @returns {Effect | undefined}
 */
const effectOfName = (node) => {
  const name = dotted(node)
  if (name === undefined) return undefined
  if (/^process\.env(\.|$)/.test(name)) return 'process.env'
  if (/^console(\.|$)/.test(name)) return 'console'
  if (timers.has(name) || name === 'AbortSignal.timeout') return 'timer'
  return clocks.has(name) ? 'clock' : undefined
}

/**
 * `const { env } = process`
 * @param {ts.VariableDeclaration} node
 * @returns {Effect | undefined}
 */
const effectOfDeclaration = ({ name, initializer }) => {
  const fromProcess = ts.isObjectBindingPattern(name) && initializer && dotted(initializer) === 'process'
  if (!fromProcess) return undefined
  const takesEnv = name.elements.some((each) => (each.propertyName ?? each.name).getText() === 'env')
  return takesEnv ? 'process.env' : undefined
}

/**
 * Whether an identifier is only the name of a property: `x.console`, `{ setTimeout: 1 }`.
 * @param {ts.Node} node
 */
const isKey = (node) => {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node
  const named = ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent)
  return named && parent.name === node
}

/**
 * @param {ts.Node} node
 * @returns {Effect | undefined}
 */
const effectOf = (node) => {
  if (ts.isImportDeclaration(node)) return effectOfImport(node)
  if (ts.isCallExpression(node)) return effectOfCall(node)
  if (ts.isVariableDeclaration(node)) return effectOfDeclaration(node)
  if (ts.isNewExpression(node) && !node.arguments?.length && dotted(node.expression) === 'Date')
    return 'clock'
  if (ts.isExportDeclaration(node) && !(node.exportClause && ts.isNamedExports(node.exportClause))) {
    return 'wildcard re-export'
  }
  return isKey(node) ? undefined : effectOfName(node)
}

/**
 * Returns every effect in one file, allowed or not.
 * @param {string} path below `src/`, with forward slashes
 * @param {string} text
 * @returns {Finding[]}
 */
export const effectsIn = (path, text) => {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  /** @type {Finding[]} */
  const found = []
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isTypeNode(node)) return
    const effect = effectOf(node)
    if (effect) {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1
      found.push({ effect, path, line, code: node.getText().split('\n')[0] ?? '' })
    }
    if (!effect || ts.isCallExpression(node)) ts.forEachChild(node, visit)
  }
  ts.forEachChild(source, visit)
  return found
}

/**
 * Returns the effects of one file that belong in other files.
 * @param {string} path
 * @param {string} text
 */
export const strayEffects = (path, text) =>
  effectsIn(path, text).filter(({ effect }) => !places[effect].some((place) => place.test(path)))

/** @param {string} root */
const main = (root) => {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
  const strays = paths.flatMap((path) => strayEffects(path, readFileSync(join(root, path), 'utf8')))
  for (const { effect, path, line, code } of strays) {
    const allowed = places[effect].map(({ source }) => source.replace(/[\\^$]/g, '')).join(', ') || 'nowhere'
    console.error(`${root}/${path}:${line}: ${effect} (allowed in: ${allowed}): ${code}`)
  }
  console.log(`effects: ${paths.length} files, ${strays.length} out of place`)
  process.exitCode = strays.length > 0 ? 1 : 0
}

if (isMain(import.meta.url)) main(process.argv[2] ?? 'src')
