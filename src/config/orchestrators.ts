import { isObject } from '../utils/json.js'
import type { GenerationName } from './choice-kinds.js'
import { asShownText, redact } from './secrets.js'

/** One orchestrator in `ORCHESTRATORS` and `ORCHESTRATORS_CONFIG`. */
export interface OrchestratorEntry {
  /** Starts with `http://` or `https://` and may have a path. A user name, a password and a query are refused. */
  readonly url: string
  /** `FAILOVER`: the orchestrator with the lowest number is tried first. Default: 10. */
  readonly priority?: number
  /** `ROUND_ROBIN`: share of the polls, above 0. Default: 1. */
  readonly weight?: number
  /** Token for this orchestrator alone. Overrides `WORKER_INDIVIDUAL_TOKEN` and `WORKER_TOKEN`. */
  readonly token?: string
  /** Generation of its wire protocol. Default: `ORCHESTRATOR_PROTOCOL`. */
  readonly protocol?: GenerationName
  /**
   * Key that verifies the signatures of its tasks. An empty text leaves the key out: its tasks are not verified.
   * Default: `ORCHESTRATOR_SECRET_KEY`.
   */
  readonly secretKey?: string
}

/** An {@link OrchestratorEntry} with its defaults filled in. */
export interface ListedOrchestrator extends OrchestratorEntry {
  /** `FAILOVER`: the orchestrator with the lowest number is tried first. */
  readonly priority: number
  /** `ROUND_ROBIN`: share of the polls, above 0. */
  readonly weight: number
}

/** A value, and whether code has set it instead of a variable or the default. */
export interface Origin {
  readonly value: unknown
  readonly inCode: boolean
}

/** The three attributes that may define the list of orchestrators. */
interface Candidates {
  /** `ORCHESTRATORS`, which only code can set. */
  readonly list: unknown
  /** `ORCHESTRATORS_CONFIG` */
  readonly config: Origin
  /** `ORCHESTRATOR_URL` */
  readonly url: Origin
}

/** The attribute that defines the list of orchestrators, and its value. */
export interface OrchestratorsSource {
  readonly name: 'ORCHESTRATORS' | 'ORCHESTRATORS_CONFIG' | 'ORCHESTRATOR_URL'
  /** The unchecked entries in their original order, because a problem names the place of its entry. */
  readonly entries: unknown
  readonly warnings: readonly string[]
}

/** The `priority` and `weight` of an entry that has none. */
export const ENTRY_DEFAULTS = { priority: 10, weight: 1 } as const

const isGiven = (config: unknown): boolean =>
  config !== undefined && !(Array.isArray(config) && config.length === 0)

const fromUrl = (url: unknown, ...warnings: string[]): OrchestratorsSource => ({
  name: 'ORCHESTRATOR_URL',
  entries: [{ url }],
  warnings: warnings.map((warning) => `${warning} ${asShownText(redact(url, 'credentials'))}`),
})

/** Chooses the source: code overrides variables, and a list overrides the single URL. */
export const pickSource = ({ list, config, url }: Candidates): OrchestratorsSource => {
  if (list !== undefined) return { name: 'ORCHESTRATORS', entries: list, warnings: [] }
  if (!isGiven(config.value)) return fromUrl(url.value)
  if (url.inCode && !config.inCode)
    return fromUrl(url.value, 'ORCHESTRATORS_CONFIG is ignored: ORCHESTRATOR_URL was set in code, to')
  if (!Array.isArray(config.value))
    return fromUrl(url.value, 'ORCHESTRATORS_CONFIG is not a JSON list; ORCHESTRATOR_URL is used instead:')
  return { name: 'ORCHESTRATORS_CONFIG', entries: config.value, warnings: [] }
}

type Prioritized = Pick<ListedOrchestrator, 'priority'>

/** Compares by priority. Entries of equal priority keep their order. */
export const byPriority = (a: Prioritized, b: Prioritized): number => a.priority - b.priority

const withDefaults = (entry: OrchestratorEntry): ListedOrchestrator => ({
  ...entry,
  priority: entry.priority ?? ENTRY_DEFAULTS.priority,
  weight: entry.weight ?? ENTRY_DEFAULTS.weight,
})

/** Returns the value of `ORCHESTRATORS` for unchecked entries; wrong entries stay as they are. */
export const listEntries = (entries: unknown): readonly ListedOrchestrator[] =>
  (Array.isArray(entries) ? entries.filter(isObject) : [])
    .map((entry) => withDefaults(entry as unknown as OrchestratorEntry))
    .sort(byPriority)
