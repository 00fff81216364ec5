/**
 * Writes everything that follows from the table in src/config/variables.ts: the attributes of `WorkerConfigValues`, the
 * members of `Settings`, and the table in docs/reference/configuration.md.
 *
 *   npm run variables
 *
 * test/unit/config/generated.test.ts fails if one of them is stale. ADR 7 says why they are written.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import ts from 'typescript'
import { defaultOf, type VariableName, variable } from '../src/config/variables.js'
import { at, between, exportOf, inDocument } from './generated.js'
import { isMain } from './is-main.mjs'

const WIDTH = 118
const UNITS = { s: ', in seconds', GB: ', in GB', bytes: ', in bytes', JSON: ' (JSON)' }

const { NoTruncation, UseSingleQuotesForStringLiteralType } = ts.TypeFormatFlags
const TYPE_FORMAT = NoTruncation | UseSingleQuotesForStringLiteralType

/** What only the compiler knows of a variable. */
interface Described {
  readonly name: VariableName
  /** The paragraphs of its comment. */
  readonly meaning: readonly [string, ...string[]]
  readonly attributeType: string
  readonly settingType: string
}

const describeAll = (): readonly Described[] => {
  const { symbol: table, checker } = exportOf('src/config/variables.ts', 'VARIABLES')
  return checker
    .getTypeOfSymbol(table)
    .getProperties()
    .map((row) => describe(row, checker))
}

const describe = (row: ts.Symbol, checker: ts.TypeChecker): Described => {
  const kind = checker.getTypeOfSymbol(row).getProperty('kind') as ts.Symbol
  const [settingType = '', attributeType = ''] = checker
    .getTypeArguments(checker.getTypeOfSymbol(kind) as ts.TypeReference)
    .map((type) => checker.typeToString(type, undefined, TYPE_FORMAT))
  const comment = ts.displayPartsToString(row.getDocumentationComment(checker))
  const [first = '', ...others] = comment.split('\n\n').map((paragraph) => paragraph.replaceAll('\n', ' '))
  if (first === '') throw new Error(`src/config/variables.ts: ${row.name} needs a comment with its meaning`)
  return { name: row.name as VariableName, meaning: [first, ...others], attributeType, settingType }
}

const defaultInWords = (name: VariableName): string => {
  const { defaultText } = variable(name)
  if (defaultText !== undefined) return defaultText
  const value = defaultOf(name)
  if (value === undefined) return 'none'
  return `\`${typeof value === 'object' ? JSON.stringify(value) : String(value)}\``
}

/** Breaks text into lines, but not inside of code. */
const wrap = (text: string): string[] => {
  const glued = text.replace(/`[^`]*`/g, (code) => code.replaceAll(' ', '\u00a0'))
  const lines = glued.match(new RegExp(`\\S.{0,${WIDTH - 6}}(?= |$)`, 'g')) ?? []
  return lines.map((line) => line.replaceAll('\u00a0', ' '))
}

/** A docstring on one line if it fits, else with `facts` on lines of their own. */
const docstring = (text: string, facts = ''): string[] => {
  const line = `/** ${`${text} ${facts}`.trimEnd()} */`
  if (line.length <= WIDTH - 2) return [line]
  return ['/**', ...[...wrap(text), ...wrap(facts)].map((each) => ` * ${each}`), ' */']
}

/** A member of `WorkerConfigValues`. */
const attribute = ({ name, meaning, attributeType }: Described): string[] => {
  const { unit } = variable(name).kind
  const facts = `Variable \`${name}\`${unit ? UNITS[unit] : ''}. Default: ${defaultInWords(name)}.`
  return [...docstring(meaning.join(' '), facts), `${name}: ${attributeType}`]
}

/** The members of `Settings`, or of one group such as `s3`, where `undefined` means "absent". */
const members = (variables: readonly Described[], group?: string): string[] =>
  variables.flatMap(({ name, meaning, settingType }) => {
    const [first, second] = variable(name).setting?.split('.') ?? []
    if (first === undefined || (second === undefined ? undefined : first) !== group) return []
    const type = group === undefined ? settingType : settingType.replace(/ \| undefined$/, '')
    const mark = type === settingType ? '' : '?'
    const [sentence] = meaning[0].split(/(?<=\.) /)
    return [...docstring(`\`${name}\`: ${sentence}`), `readonly ${second ?? first}${mark}: ${type}`]
  })

/** A row of the table in docs/reference/configuration.md. */
const tableRow = ({ name, meaning }: Described): string => {
  const { unit } = variable(name).kind
  return `| \`${name}\` | ${meaning[0]} |${unit ? ` ${unit} ` : ' '}| ${defaultInWords(name)} |`
}

/** Replaces the lines between `// #region NAME: …` and `// #endregion`. */
const inRegion = (text: string, name: string, lines: readonly string[]): string =>
  between(
    text,
    new RegExp(`( // #region ${name}: [^\n]*\n).*?( *// #endregion)`, 's'),
    lines.map((line) => `  ${line}`),
  )

const attributesIn = (text: string, all: readonly Described[]): string =>
  inRegion(text, 'attributes', all.flatMap(attribute))

const settingsIn = (text: string, all: readonly Described[]): string =>
  ['s3', 'tls'].reduce(
    (written, group) => inRegion(written, `settings.${group}`, members(all, group)),
    inRegion(text, 'settings', members(all)),
  )

const tableIn = (text: string, all: readonly Described[]): string =>
  inDocument(text, 'variables', [
    '| Variable | Meaning | Unit | Default |',
    '|---|---|---|---|',
    ...all.map(tableRow),
  ])

/** Each file that follows from the table: its path and the text that it should have. */
export const generatedFiles = (): readonly (readonly [path: string, text: string])[] => {
  const all = describeAll()
  const text = (path: string) => readFileSync(at(path), 'utf8')
  return [
    ['src/config/values.ts', attributesIn(text('src/config/values.ts'), all)],
    ['src/settings.ts', settingsIn(text('src/settings.ts'), all)],
    ['docs/reference/configuration.md', tableIn(text('docs/reference/configuration.md'), all)],
  ]
}

if (isMain(import.meta.url)) for (const [path, text] of generatedFiles()) writeFileSync(at(path), text)
