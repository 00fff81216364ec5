import { isObject } from '../utils/json.js'
import type { Checks } from './checks.js'
import { optional } from './kind.js'
import { finite, positive } from './number-kinds.js'
import { byPriorityThenUrl, ENTRY_DEFAULTS, type OrchestratorsSource } from './orchestrators.js'
import { hideMembers } from './secrets.js'
import type { OrchestratorSettings } from './settings.js'
import { secret } from './text-kinds.js'
import { httpUrl } from './url-kind.js'

const REPEATED = { ...httpUrl, expected: 'a URL that no other entry has' }
const ENTRY = { expected: 'an object with url, and optionally priority, weight and token' }
const LIST = { expected: 'a list of at least one entry, such as [{"url": "http://localhost:8080"}]' }

/** JSON has no `undefined`: `null` stands for "not given" there. */
const given = (value: unknown): unknown => value ?? undefined

const settleEntry = (
  checks: Checks,
  place: string,
  entry: Record<string, unknown>,
  sharedToken: string,
): OrchestratorSettings => {
  const { priority, weight } = ENTRY_DEFAULTS
  const token = checks.settle(`${place}.token`, given(entry['token']), optional(secret), undefined)
  return {
    url: checks.settle(`${place}.url`, given(entry['url']), httpUrl, ''),
    priority: checks.settle(`${place}.priority`, given(entry['priority']) ?? priority, finite, priority),
    weight: checks.settle(`${place}.weight`, given(entry['weight']) ?? weight, positive, weight),
    token: token ?? sharedToken,
  }
}

const settleList = (checks: Checks, name: string, entries: readonly unknown[], sharedToken: string) => {
  const urls = new Set<string>()
  return entries.flatMap((entry, index) => {
    const place = `${name}[${index}]`
    if (!isObject(entry)) {
      // The entry itself is not quoted: it may be a token in the wrong place.
      checks.refuse(place, '(not an object)', ENTRY)
      return []
    }
    const settled = settleEntry(checks, place, entry, sharedToken)
    if (urls.has(settled.url)) checks.refuse(`${place}.url`, settled.url, REPEATED)
    if (settled.url !== '') urls.add(settled.url)
    return [settled]
  })
}

const settleUrl = (checks: Checks, [entry]: readonly { url?: unknown }[], token: string) => [
  { ...ENTRY_DEFAULTS, url: checks.settle('ORCHESTRATOR_URL', entry?.url, httpUrl, ''), token },
]

/** Checks the list and gives each entry its token; `sharedToken` is for those without one of their own. */
export const settleOrchestrators = (
  checks: Checks,
  { name, entries }: OrchestratorsSource,
  sharedToken: string,
): readonly OrchestratorSettings[] => {
  if (!Array.isArray(entries) || entries.length === 0) {
    checks.refuse(name, Array.isArray(entries) ? '[]' : '(not a list)', LIST)
    return []
  }
  const settled =
    name === 'ORCHESTRATOR_URL'
      ? settleUrl(checks, entries, sharedToken)
      : settleList(checks, name, entries, sharedToken)
  return settled.sort(byPriorityThenUrl).map((entry) => hideMembers(entry, ['token']))
}
