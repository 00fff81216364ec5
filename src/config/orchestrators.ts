import { isObject } from '../utils/json.js'
import { asShownText, redact } from './secrets.js'
import type { ListedOrchestrator, OrchestratorEntry } from './values.js'

/** A value and whether code has set it, rather than a variable or a default. */
export interface Written {
  readonly value: unknown
  readonly inCode: boolean
}

/** Everything the list of orchestrators can come from. */
export interface OrchestratorsInput {
  /** `ORCHESTRATORS`; only code can set it. */
  readonly list: unknown
  /** `ORCHESTRATORS_CONFIG` */
  readonly config: Written
  /** `ORCHESTRATOR_URL` */
  readonly url: Written
}

/** Where the list does come from. */
export interface OrchestratorsSource {
  readonly name: 'ORCHESTRATORS' | 'ORCHESTRATORS_CONFIG' | 'ORCHESTRATOR_URL'
  /** As written, in the order written: a problem is reported with its place. */
  readonly entries: unknown
  readonly warnings: readonly string[]
}

/** What an entry is without `priority` and `weight`. */
export const ENTRY_DEFAULTS = { priority: 10, weight: 1 } as const

const shownUrl = (url: unknown): string => asShownText(redact(url, 'credentials'))

const isGiven = (config: unknown): boolean =>
  config !== undefined && !(Array.isArray(config) && config.length === 0)

const fromUrl = ({ url }: OrchestratorsInput, warnings: readonly string[] = []): OrchestratorsSource => ({
  name: 'ORCHESTRATOR_URL',
  entries: [{ url: url.value }],
  warnings,
})

const overruled = ({ url }: OrchestratorsInput): string =>
  `ORCHESTRATORS_CONFIG is ignored: ORCHESTRATOR_URL was set in code, to ${shownUrl(url.value)}`

const unreadable = ({ url }: OrchestratorsInput): string =>
  `ORCHESTRATORS_CONFIG is not a JSON list; ORCHESTRATOR_URL is used instead: ${shownUrl(url.value)}`

/** Code before variables; on either side the longer list before the single URL. */
export const pickSource = (input: OrchestratorsInput): OrchestratorsSource => {
  const { list, config, url } = input
  if (list !== undefined) return { name: 'ORCHESTRATORS', entries: list, warnings: [] }
  if (!isGiven(config.value)) return fromUrl(input)
  if (url.inCode && !config.inCode) return fromUrl(input, [overruled(input)])
  if (!Array.isArray(config.value)) return fromUrl(input, [unreadable(input)])
  return { name: 'ORCHESTRATORS_CONFIG', entries: config.value, warnings: [] }
}

/** Those of equal priority stay in the order in which they are listed. */
export const byPriority = (
  a: Pick<ListedOrchestrator, 'priority'>,
  b: Pick<ListedOrchestrator, 'priority'>,
): number => a.priority - b.priority

const withDefaults = (entry: OrchestratorEntry): ListedOrchestrator => ({
  ...entry,
  priority: entry.priority ?? ENTRY_DEFAULTS.priority,
  weight: entry.weight ?? ENTRY_DEFAULTS.weight,
})

/** The list as `ORCHESTRATORS` shows it. Nothing is checked yet: a wrong entry is left as it is. */
export const listEntries = (entries: unknown): readonly ListedOrchestrator[] =>
  (Array.isArray(entries) ? entries.filter(isObject) : [])
    .map((entry) => withDefaults(entry as unknown as OrchestratorEntry))
    .sort(byPriority)
