// @ts-check
/**
 * Makes `dist/` anew: the code without its comments, which are for readers of the source, and of the declarations
 * those that users can reach, comments included.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import ts from 'typescript'
import { isMain } from './is-main.mjs'
import { pruneTypes } from './prune-types.mjs'

const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')

/**
 * The same code without comments.
 * @param {string} code
 */
export const withoutComments = (code) =>
  ts.transpileModule(code, {
    compilerOptions: {
      removeComments: true,
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  }).outputText

const main = () => {
  const { bin = {} } = JSON.parse(readFileSync('package.json', 'utf8'))
  rmSync('dist', { recursive: true, force: true })
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(1)
  pruneTypes()
  const all = readdirSync('dist', { recursive: true, encoding: 'utf8' }).map((path) => join('dist', path))
  for (const path of all.filter((each) => each.endsWith('.js'))) {
    writeFileSync(path, withoutComments(readFileSync(path, 'utf8')))
  }
  for (const path of Object.values(bin)) chmodSync(path, 0o755)
}

if (isMain(import.meta.url)) main()
