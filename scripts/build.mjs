// @ts-check
/**
 * Makes `dist/` anew: the code without comments and with little indentation, as those are for readers of the source, and
 * for each public entry one declaration file that holds what users can name, comments included.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { isMain } from './is-main.mjs'

const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')

/** One configuration per public entry; `npm run api` runs the same ones for the committed reports. */
const entries = ['api-extractor.json', 'api-extractor.dev.json']

/**
 * The same code without comments.
 * @param {string} code
 */
const withoutComments = (code) =>
  ts.transpileModule(code, {
    compilerOptions: {
      removeComments: true,
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  }).outputText

/**
 * The line starts that lie inside a template, where white space is text.
 * @param {ts.SourceFile} source
 */
const linesInTemplates = (source) => {
  /** @type {Set<number>} */
  const lines = new Set()
  const lineAt = (/** @type {number} */ position) => source.getLineAndCharacterOfPosition(position).line
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node)) {
      for (let line = lineAt(node.getStart(source)) + 1; line <= lineAt(node.end); line++) lines.add(line)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return lines
}

/**
 * The same code with one space a level, line for line.
 * @param {string} code indented by four, as the compiler does
 */
const withLittleIndentation = (code) => {
  const inTemplate = linesInTemplates(ts.createSourceFile('code.js', code, ts.ScriptTarget.Latest))
  const shorten = (/** @type {string} */ text) => text.replace(/^ +/, ({ length }) => ' '.repeat(length / 4))
  return code
    .split('\n')
    .map((text, line) => (inTemplate.has(line) ? text : shorten(text)))
    .join('\n')
}

/**
 * What users load: line for line what the compiler made, less what only readers need.
 * @param {string} code
 */
export const lean = (code) => withLittleIndentation(withoutComments(code))

/** @param {string} path of a configuration */
const rollUpTypes = async (path) => {
  const { Extractor, ExtractorConfig } = await import('@microsoft/api-extractor')
  const configObject = ExtractorConfig.loadFile(resolve(path))
  const extractorConfig = ExtractorConfig.prepare({
    configObject: { ...configObject, apiReport: { enabled: false } },
    configObjectFullPath: resolve(path),
    packageJsonFullPath: resolve('package.json'),
  })
  const { succeeded } = Extractor.invoke(extractorConfig, { messageCallback: quiet })
  if (!succeeded) throw new Error(`${path}: the declarations cannot be rolled up; "npm run api" says why`)
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
  for (const path of all.filter((each) => each.endsWith('.js'))) {
    writeFileSync(path, lean(readFileSync(path, 'utf8')))
  }
  for (const path of Object.values(bin)) chmodSync(path, 0o755)
  for (const path of entries) await rollUpTypes(path)
}

if (isMain(import.meta.url)) await main()
