// @ts-check
/**
 * Prints the figures that say how easy the source is to read: sizes, callbacks in interfaces, import cycles, and how much
 * code one task passes through. It informs and never fails on a figure. The last figures need `dist/`.
 *
 *   node scripts/shape.mjs [--list] [root]
 *
 * `--list` also prints the long files, the callback members, the interfaces of options and the cycles.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { isMain } from './is-main.mjs'
import { callsOfOneTask } from './shape/one-task.mjs'
import {
  callbackMembers,
  cycles,
  functionLines,
  LONG_FILE_LINES,
  largestFolder,
  linesIn,
  median,
  optionInterfaces,
  parse,
} from './shape/syntax.mjs'

/** @typedef {[what: string, figure: string | number]} Row */

/** @param {string} folder @returns {Record<string, string>} */
const textsBelow = (folder) =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((path) => path.replaceAll('\\', '/'))
      .filter((path) => path.endsWith('.ts'))
      .map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  )

/**
 * The figures of the source, and what each of them counts.
 * @param {Record<string, string>} texts by path below `src/`
 * @returns {{ rows: Row[], lists: Record<string, string[]> }}
 */
export const shapeOf = (texts) => {
  const sources = parse(texts)
  const largest = largestFolder(sources)
  const functions = functionLines(sources)
  const { writtenOut, throughAlias } = callbackMembers(sources)
  const lists = {
    [`files over ${LONG_FILE_LINES} lines`]: sources
      .filter(({ lines }) => lines > LONG_FILE_LINES)
      .map(({ path, lines }) => `${path}: ${lines}`),
    'callback members in interfaces, written out': writtenOut,
    'callback members in interfaces, through an alias': throughAlias,
    '…Options and …Parts interfaces': optionInterfaces(sources),
    'import cycles': cycles(sources).map((group) => group.join(' ')),
  }
  return {
    rows: [
      ['files', sources.length],
      ['lines', linesIn(sources)],
      ['largest folder', `${largest.path}: ${largest.lines} lines in ${largest.files} files`],
      ['lines below runtime/', linesIn(sources.filter(({ path }) => path.startsWith('runtime/')))],
      ['median lines of a file', median(sources.map(({ lines }) => lines))],
      ['median lines of a named function', `${median(functions)}, of ${functions.length} functions`],
      ...Object.entries(lists).map(([what, found]) => /** @type {Row} */ ([what, found.length])),
    ],
    lists,
  }
}

/** @param {string} dist @returns {Promise<Row[]>} */
const taskRows = async (dist) => {
  if (!existsSync(dist)) return [['one task passes through', 'not measured: run "npm run build" first']]
  const { files, functions, calls } = await callsOfOneTask(dist)
  return [['one task passes through', `${files} files, ${functions} functions, ${calls} calls`]]
}

const main = async () => {
  const { values, positionals } = parseArgs({
    options: { list: { type: 'boolean' } },
    allowPositionals: true,
  })
  const root = resolve(positionals[0] ?? '.')
  const { rows, lists } = shapeOf(textsBelow(join(root, 'src')))
  for (const [what, figure] of [...rows, ...(await taskRows(join(root, 'dist')))]) {
    console.log(`${what.padEnd(50)} ${figure}`)
  }
  if (!values.list) return
  for (const [what, found] of Object.entries(lists))
    console.log(`\n${what}:\n  ${found.join('\n  ') || 'none'}`)
}

if (isMain(import.meta.url)) await main()
