import type { GenerationChoice, OrchestratorSettings } from '../settings.js'
import { isObject } from '../utils/json.js'
import type { Checks } from './checks.js'
import { optional } from './kind.js'
import { finite, positive } from './number-kinds.js'
import { PROTOCOLS } from './options.js'
import { byPriority, ENTRY_DEFAULTS, type OrchestratorsSource } from './orchestrators.js'
import { hideMembers } from './secrets.js'
import { choice, secret } from './text-kinds.js'
import { httpUrl } from './url-kind.js'

const REPEATED = { ...httpUrl, expected: 'a URL that no other entry has' }
const ENTRY = {
  expected: 'an object with url, and optionally priority, weight, token, protocol and secretKey',
}
const LIST = { expected: 'a list of at least one entry, such as [{"url": "http://localhost:8080"}]' }

const generation = choice(PROTOCOLS)

/** What holds for every orchestrator that has nothing of its own. */
export interface Shared {
  readonly token: string
  readonly generation: GenerationChoice
  readonly taskKey: string | undefined
}

/** JSON has no `undefined`: `null` stands for "not given" there. */
const given = (value: unknown): unknown => value ?? undefined

const settleEntry = (
  checks: Checks,
  place: string,
  entry: Record<string, unknown>,
  shared: Shared,
): OrchestratorSettings => {
  const { priority, weight } = ENTRY_DEFAULTS
  const token = checks.settle(`${place}.token`, given(entry['token']), optional(secret), undefined)
  return {
    url: checks.settle(`${place}.url`, given(entry['url']), httpUrl, ''),
    priority: checks.settle(`${place}.priority`, given(entry['priority']) ?? priority, finite, priority),
    weight: checks.settle(`${place}.weight`, given(entry['weight']) ?? weight, positive, weight),
    token: token ?? shared.token,
    ...protocolOf(checks, place, entry, shared),
  }
}

/** In which words it is spoken to, and how it is believed. */
const protocolOf = (checks: Checks, place: string, entry: Record<string, unknown>, shared: Shared) => {
  const key = checks.settle(`${place}.secretKey`, given(entry['secretKey']), optional(secret), undefined)
  const taskKey = key ?? shared.taskKey
  const named = given(entry['protocol']) ?? shared.generation
  return {
    generation: checks.settle(`${place}.protocol`, named, generation, shared.generation),
    ...(taskKey !== undefined && { taskKey }),
  }
}

const settleList = (checks: Checks, name: string, entries: readonly unknown[], shared: Shared) => {
  const urls = new Set<string>()
  return entries.flatMap((entry, index) => {
    const place = `${name}[${index}]`
    if (!isObject(entry)) {
      // The entry itself is not quoted: it may be a token in the wrong place.
      checks.refuse(place, '(not an object)', ENTRY)
      return []
    }
    const settled = settleEntry(checks, place, entry, shared)
    if (urls.has(settled.url)) checks.refuse(`${place}.url`, settled.url, REPEATED)
    if (settled.url !== '') urls.add(settled.url)
    return [settled]
  })
}

const settleUrl = (checks: Checks, [entry]: readonly { url?: unknown }[], shared: Shared) => [
  {
    ...ENTRY_DEFAULTS,
    url: checks.settle('ORCHESTRATOR_URL', entry?.url, httpUrl, ''),
    token: shared.token,
    ...protocolOf(checks, 'ORCHESTRATOR_URL', {}, shared),
  },
]

/** Checks the list and gives each entry what it needs; `shared` is for those without anything of their own. */
export const settleOrchestrators = (
  checks: Checks,
  { name, entries }: OrchestratorsSource,
  shared: Shared,
): readonly OrchestratorSettings[] => {
  if (!Array.isArray(entries) || entries.length === 0) {
    checks.refuse(name, Array.isArray(entries) ? '[]' : '(not a list)', LIST)
    return []
  }
  const settled =
    name === 'ORCHESTRATOR_URL'
      ? settleUrl(checks, entries, shared)
      : settleList(checks, name, entries, shared)
  return settled.sort(byPriority).map((entry) => hideMembers(entry, ['token', 'taskKey']))
}
