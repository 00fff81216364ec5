// @ts-check
/**
 * Makes `dist/` anew: the code as small as it gets with the names that a stack trace shows, and for each public entry one
 * declaration file that holds what users can name, comments included.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { minify } from 'terser'
import ts from 'typescript'
import { isMain } from './is-main.mjs'

const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')

/** One configuration per public entry; `npm run api` runs the same ones for the committed reports. */
const entries = ['api-extractor.json', 'api-extractor.dev.json']

/**
 * Exported functions, classes and methods keep their names, and all functions stay functions of their own: a stack trace
 * names them. Functions of one file alone lose theirs.
 * @type {import('terser').MinifyOptions}
 */
const shrinking = {
  module: true,
  ecma: 2020,
  compress: { passes: 2, inline: false, reduce_funcs: false, keep_classnames: true },
  mangle: { keep_classnames: true },
  format: { comments: false, semicolons: false },
}

/**
 * What users load: what the compiler made, less what only readers of the source need.
 * @param {string} code
 */
export const lean = async (code) => {
  const { code: shrunk } = await minify(code, shrinking)
  if (shrunk === undefined) throw new Error('terser made nothing of this code')
  return withoutConst(shrunk)
}

/**
 * `let` says it in two characters less: the compiler has seen to it that nobody assigns, and tasks per second and CPU time
 * for each are the same.
 * @param {string} code
 */
const withoutConst = (code) => {
  const file = ts.createSourceFile('shrunk.js', code, ts.ScriptTarget.Latest)
  /** @type {number[]} */
  const places = []
  /** @param {ts.Node} node */
  const visit = (node) => {
    const isConst =
      ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.BlockScoped) === ts.NodeFlags.Const
    if (isConst) places.push(node.getStart(file))
    ts.forEachChild(node, visit)
  }
  visit(file)
  let [loosened, end] = ['', 0]
  for (const place of places) {
    loosened += `${code.slice(end, place)}let`
    end = place + 'const'.length
  }
  return loosened + code.slice(end)
}

/**
 * The table of options without what only the documents say of them.
 * @param {string} code as the compiler makes it
 */
export const withoutWords = (code) => code.replace(/^ *(?:about|initialInWords|unit): '.*',\n/gm, '')

/**
 * The same declarations without indentation, the stars in comments, `declare` (nothing else is in them), and
 * semicolons before the end of a line. An attribute named after its variable need not name it once more, nor one that may
 * be undefined say that it has no default.
 * @param {string} declarations indented by four, as the extractor does
 */
export const terse = (declarations) =>
  declarations
    .replace(/^ *(?:\* ?(?!\/))?/gm, '')
    .replace(/\bVariable `[A-Z\d_]+`(?: \([^)]*\))?\. /g, '')
    .replace(/ ?\bDefault: none\.(?=\n| \*\/)/g, '')
    .replace(/^\n(?=\*\/)/gm, '')
    .replace(/;$/gm, '')
    .replace(/\n\n(?=\/\*\*|export )/g, '\n')
    .replace(/^export declare /gm, 'export ')

/** @param {string} path of a configuration */
const rollUpTypes = async (path) => {
  const { Extractor, ExtractorConfig } = await import('@microsoft/api-extractor')
  const configObject = ExtractorConfig.loadFile(resolve(path))
  const extractorConfig = ExtractorConfig.prepare({
    configObject: {
      ...configObject,
      apiReport: { enabled: false },
      // Here alone: "npm run api" only compares.
      dtsRollup: { ...configObject.dtsRollup, enabled: true },
    },
    configObjectFullPath: resolve(path),
    packageJsonFullPath: resolve('package.json'),
  })
  const { succeeded } = Extractor.invoke(extractorConfig, { messageCallback: quiet })
  if (!succeeded) throw new Error(`${path}: the declarations cannot be rolled up; "npm run api" says why`)
  const declarations = extractorConfig.publicTrimmedFilePath
  writeFileSync(declarations, terse(readFileSync(declarations, 'utf8')))
}

/** @param {import('@microsoft/api-extractor').ExtractorMessage} message */
const quiet = (message) => {
  if (message.category === 'console' && message.logLevel !== 'error') message.handled = true
}

const main = async () => {
  const { bin = {} } = JSON.parse(readFileSync('package.json', 'utf8'))
  for (const made of ['dist', 'temp/types']) rmSync(made, { recursive: true, force: true })
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(1)
  const all = readdirSync('dist', { recursive: true, encoding: 'utf8' }).map((path) => join('dist', path))
  const options = join('dist', 'config', 'options.js')
  writeFileSync(options, withoutWords(readFileSync(options, 'utf8')))
  for (const path of all.filter((each) => each.endsWith('.js'))) {
    writeFileSync(path, await lean(readFileSync(path, 'utf8')))
  }
  for (const path of Object.values(bin)) chmodSync(path, 0o755)
  for (const path of entries) await rollUpTypes(path)
}

if (isMain(import.meta.url)) await main()
