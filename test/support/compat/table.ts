import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { FEATURES } from './features.js'

export const DOCUMENT = fileURLToPath(new URL('../../../docs/explanation/compatibility.md', import.meta.url))

const BLOCK = /(?<=<!-- compat -->\n)[\s\S]*?(?=<!-- \/compat -->)/

/** One version's line. */
export const lineOf = (version: string, missing: ReadonlyMap<string, unknown>): string =>
  `| ${[version, ...FEATURES.map((name) => (missing.has(name) ? '–' : 'yes'))].join(' | ')} |`

const tableOf = (lines: readonly string[]): string =>
  [`| | ${FEATURES.join(' | ')} |`, `|---${'|---'.repeat(FEATURES.length)}|`, ...lines, ''].join('\n')

/** The line that the document has for a version; `undefined` without one, or where its columns are others. */
export const writtenLine = (version: string): string | undefined => {
  const written = BLOCK.exec(readFileSync(DOCUMENT, 'utf8'))?.[0] ?? ''
  if (!written.startsWith(tableOf([]).trimEnd())) return undefined
  return written.split('\n').find((line) => line.startsWith(`| ${version} |`))
}

/** The document with these lines in the place of its table. */
export const withTable = (document: string, lines: readonly string[]): string => {
  if (!BLOCK.test(document)) throw new Error('the document has no place for the table')
  return document.replace(BLOCK, () => tableOf(lines))
}
