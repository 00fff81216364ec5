/**
 * Writes what follows from elsewhere: the metrics in docs/reference/metrics.md from src/observability/families.ts, the events in
 * docs/reference/events.md from src/events.ts, and the version in src/version.ts from package.json.
 *
 *   npm run metrics
 *
 * test/unit/observability/generated.test.ts fails if one of them is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import ts from 'typescript'
import {
  type Family,
  fullName,
  OWN_FAMILIES,
  type OwnFamilyName,
  PROCESS_FAMILIES,
} from '../src/observability/families.js'
import { at, cell, code, exportOf, inDocument } from './generated.js'
import { isMain } from './is-main.mjs'

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
  const { symbol: events, checker } = exportOf('src/events.ts', 'WorkerEvents')
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
    ['docs/reference/metrics.md', inDocument(text('docs/reference/metrics.md'), 'metrics', metrics)],
    ['src/version.ts', withVersion(text('src/version.ts'))],
    ['docs/reference/events.md', inDocument(text('docs/reference/events.md'), 'events', events)],
  ]
}

if (isMain(import.meta.url)) for (const [path, text] of generatedFiles()) writeFileSync(at(path), text)
