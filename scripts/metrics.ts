/**
 * Writes what follows from elsewhere: the metrics in docs/metrics.md from src/observability/families.ts, the events in
 * docs/events.md from src/events.ts, and the version in src/observability/version.ts from package.json.
 *
 *   npm run metrics
 *
 * test/unit/observability/generated.test.ts fails if one of them is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import {
  type Family,
  fullName,
  OWN_FAMILIES,
  type OwnFamilyName,
  PROCESS_FAMILIES,
} from '../src/observability/families.js'
import { isMain } from './is-main.mjs'

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

const code = (text: string): string => `\`${text}\``

/** A cell of a table must not contain the character that ends it. */
const cell = (text: string): string => text.replaceAll('|', '\\|')

const metricRow = (name: string, { type, unit, help, labels = [] }: Family): string =>
  `| ${code(name)} | ${type} | ${unit ?? ''} | ${labels.map(code).join(', ')} | ${cell(help)}. |`

const metricRows = (): string[] => [
  ...Object.entries(OWN_FAMILIES).map(([name, family]) => metricRow(fullName(name as OwnFamilyName), family)),
  ...Object.entries(PROCESS_FAMILIES).map(([name, family]) => metricRow(name, family)),
]

/** An event of a worker, as its declaration describes it. */
export interface DescribedEvent {
  readonly name: string
  /** The members of what listeners receive. */
  readonly members: readonly string[]
  readonly meaning: string
}

/** Reads the interface `WorkerEvents`. */
export const describeEvents = (): readonly DescribedEvent[] => {
  const path = at('src/events.ts')
  const { config } = ts.readConfigFile(at('tsconfig.json'), ts.sys.readFile)
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, at('.'))
  const program = ts.createProgram([path], options)
  const checker = program.getTypeChecker()
  const module = checker.getSymbolAtLocation(program.getSourceFile(path) as ts.Node) as ts.Symbol
  const events = checker.getExportsOfModule(module).find(({ name }) => name === 'WorkerEvents') as ts.Symbol
  return checker
    .getDeclaredTypeOfSymbol(events)
    .getProperties()
    .map((event) => ({
      name: event.name,
      members: checker
        .getTypeOfSymbol(event)
        .getProperties()
        .map((member) => `${member.name}${member.flags & ts.SymbolFlags.Optional ? '?' : ''}`),
      meaning: plain(ts.displayPartsToString(event.getDocumentationComment(checker))),
    }))
}

/** A link to a name of the source leads nowhere in a document. */
const plain = (comment: string): string =>
  comment.replaceAll('\n', ' ').replace(/\{@link (?:Worker\.)?(\w+)\s*\}/g, '`$1`')

const eventRow = ({ name, members, meaning }: DescribedEvent): string =>
  `| ${code(name)} | ${members.map(code).join(', ')} | ${cell(meaning)} |`

const between = (text: string, name: string, lines: readonly string[]): string => {
  const region = new RegExp(`(<!-- ${name} -->\n).*?(<!-- /${name} -->)`, 's')
  if (!region.test(text)) throw new Error(`There is no region ${region}`)
  return text.replace(region, (_all, before, after) => `${before}${lines.join('\n')}\n${after}`)
}

const withVersion = (text: string): string => {
  const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'))
  return text.replace(/'[^']*'$/m, `'${version}'`)
}

/** Each file that follows from the source: its path and the text that it should have. */
export const generatedFiles = (): readonly (readonly [path: string, text: string])[] => {
  const text = (path: string) => readFileSync(at(path), 'utf8')
  const metrics = ['| Metric | Type | Unit | Labels | Meaning |', '|---|---|---|---|---|', ...metricRows()]
  const events = ['| Event | Members | Meaning |', '|---|---|---|', ...describeEvents().map(eventRow)]
  return [
    ['docs/metrics.md', between(text('docs/metrics.md'), 'metrics', metrics)],
    ['src/observability/version.ts', withVersion(text('src/observability/version.ts'))],
    ['docs/events.md', between(text('docs/events.md'), 'events', events)],
  ]
}

if (isMain(import.meta.url)) for (const [path, text] of generatedFiles()) writeFileSync(at(path), text)
