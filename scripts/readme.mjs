// @ts-check
/**
 * Copies code from `examples/` into the documents. The code in the documents is never out of date.
 *
 *   node scripts/readme.mjs           writes
 *   node scripts/readme.mjs --check   writes nothing and fails on a difference
 *
 * In a document:  <!-- example: examples/quick-start.ts -->  …  <!-- /example -->
 * or a part only: <!-- example: examples/quick-start.ts#handler -->, between `// #region handler` and
 * `// #endregion` in the file. The script replaces everything between the markers.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { isMain } from './is-main.mjs'

const block =
  /(<!-- example: (?<path>[^\s#]+)(?:#(?<region>[\w-]+))? -->\n)(?<old>[\s\S]*?)(<!-- \/example -->)/g
const opening = /<!-- example: /g
const regionMark = /^[ \t]*(\/\/|#) ?#(region|endregion)\b.*\n?/gm

/** @param {string} text */
const dedent = (text) => {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const indent = Math.min(...lines.map((line) => line.search(/\S/)))
  return text.replaceAll(new RegExp(`^ {${indent}}`, 'gm'), '')
}

/**
 * Returns the lines of one region, without its marks.
 * @param {string} text
 * @param {string} name
 */
export const regionOf = (text, name) => {
  const found = new RegExp(`#region ${name}[ \\t]*\\n([\\s\\S]*?)^\\s*(//|#) ?#endregion`, 'm').exec(text)
  return found?.[1] === undefined ? undefined : dedent(found[1])
}

/**
 * Returns a document with the current code of its examples.
 * @param {string} document
 * @param {(path: string) => string} read returns the content of an example's file
 */
export const withExamples = (document, read) => {
  let filled = 0
  const result = document.replaceAll(block, (...args) => {
    filled += 1
    const { path, region } = args.at(-1)
    const text = region ? regionOf(read(path), region) : read(path)
    if (text === undefined) throw new Error(`${path} has no "#region ${region}" closed by "#endregion"`)
    const code = text.replaceAll(regionMark, '').trim()
    return `${args[1]}\`\`\`${extname(path).slice(1)}\n${code}\n\`\`\`\n${args[5]}`
  })
  const opened = document.match(opening)?.length ?? 0
  if (opened !== filled)
    throw new Error(`${opened - filled} of ${opened} example blocks cannot be read or closed`)
  return result
}

const documents = () => {
  const pages = existsSync('docs') ? readdirSync('docs', { recursive: true, encoding: 'utf8' }) : []
  return ['README.md', ...pages.map((page) => join('docs', page))].filter((path) => path.endsWith('.md'))
}

/** @param {string} path @param {boolean} checkOnly */
const refresh = (path, checkOnly) => {
  const before = readFileSync(path, 'utf8')
  const after = withExamples(before, (example) => readFileSync(example, 'utf8'))
  if (after === before) return true
  if (!checkOnly) writeFileSync(path, after)
  console.log(`${path}: ${checkOnly ? 'differs from its examples: run "npm run readme"' : 'written'}`)
  return !checkOnly
}

/** @param {boolean} checkOnly */
const main = (checkOnly) => {
  const all = documents()
  const fresh = all.filter((path) => refresh(path, checkOnly))
  console.log(`readme: ${all.length} documents, ${all.length - fresh.length} stale`)
  process.exitCode = fresh.length === all.length ? 0 : 1
}

if (isMain(import.meta.url)) main(process.argv.includes('--check'))
