import type { OrchestratorSettings } from '../settings.js'
import { isObject } from '../utils/json.js'
import type { Checks } from './checks.js'
import { generation } from './choice-kinds.js'
import { readProxies } from './env.js'
import { type Kind, optional } from './kind.js'
import { finite, positive } from './number-kinds.js'
import { byPriority, ENTRY_DEFAULTS, type OrchestratorsSource } from './orchestrators.js'
import { settleProxy } from './proxy.js'
import { hideMembers } from './secrets.js'
import { secret } from './text-kinds.js'
import { httpUrl } from './url-kinds.js'

const REPEATED = { ...httpUrl, expected: 'a URL that no other entry has' }
const ENTRY = {
  expected: 'an object with url, and optionally priority, weight, token, protocol and secretKey',
}
const LIST = { expected: 'a list of at least one entry, such as [{"url": "http://localhost:8080"}]' }

/** The settings of an entry that has none of its own. */
const sharedSettings = (checks: Checks) => ({
  token: checks.variable('WORKER_INDIVIDUAL_TOKEN') ?? checks.variable('WORKER_TOKEN'),
  generation: checks.variable('ORCHESTRATOR_PROTOCOL'),
  taskKey: checks.variable('ORCHESTRATOR_SECRET_KEY'),
  proxies: readProxies(),
})

type Shared = ReturnType<typeof sharedSettings>

/** JSON has no `undefined`, so `null` means "not given" as well. */
const given = (value: unknown): unknown => value ?? undefined

/** The first generation has no signatures, so a key would only seem to protect its tasks. */
const keyWithoutSignatures = (place: string): Pick<Kind<string>, 'expected' | 'hides'> => ({
  expected: `no key with the protocol classic, because that generation has no signatures: ${
    place === 'ORCHESTRATOR_SECRET_KEY'
      ? 'unset it, or set ORCHESTRATOR_PROTOCOL to rxon'
      : 'set "secretKey": "" for this orchestrator'
  }`,
  hides: 'all',
})

const settleEntry = (
  checks: Checks,
  place: string,
  entry: Record<string, unknown>,
  url: string,
  shared: Shared,
): OrchestratorSettings => {
  const { priority, weight } = ENTRY_DEFAULTS
  const own = (name: string) =>
    checks.settle(`${place}.${name}`, given(entry[name]), optional(secret), undefined)
  const protocol = given(entry['protocol']) ?? shared.generation
  const token = own('token') ?? shared.token
  // An empty key leaves the shared key out for this orchestrator.
  const taskKey = entry['secretKey'] === '' ? undefined : (own('secretKey') ?? shared.taskKey)
  const choice = checks.settle(`${place}.protocol`, protocol, generation, shared.generation)
  if (choice === 'classic' && taskKey !== undefined) {
    const name = place === 'ORCHESTRATOR_URL' ? 'ORCHESTRATOR_SECRET_KEY' : `${place}.secretKey`
    checks.refuse(name, taskKey, keyWithoutSignatures(name))
  }
  const proxyUrl = settleProxy(checks, url, shared.proxies)
  return {
    url,
    priority: checks.settle(`${place}.priority`, given(entry['priority']) ?? priority, finite, priority),
    weight: checks.settle(`${place}.weight`, given(entry['weight']) ?? weight, positive, weight),
    token,
    generation: choice,
    ...(taskKey !== undefined && { taskKey }),
    ...(proxyUrl !== undefined && { proxyUrl }),
  }
}

const settleList = (checks: Checks, name: string, entries: readonly unknown[], shared: Shared) => {
  const urls = new Set<string>()
  return entries.flatMap((entry, index) => {
    const place = `${name}[${index}]`
    if (!isObject(entry)) {
      // The problem does not quote the entry, because it may be a token in the wrong place.
      checks.refuse(place, '(not an object)', ENTRY)
      return []
    }
    const url = checks.settle(`${place}.url`, given(entry['url']), httpUrl, '')
    if (urls.has(url)) checks.refuse(`${place}.url`, url, REPEATED)
    if (url !== '') urls.add(url)
    return [settleEntry(checks, place, entry, url, shared)]
  })
}

/** Checks the entries and fills in the settings that they share. */
export const settleOrchestrators = (
  checks: Checks,
  { name, entries }: OrchestratorsSource,
): readonly OrchestratorSettings[] => {
  const shared = sharedSettings(checks)
  if (!Array.isArray(entries) || entries.length === 0) {
    checks.refuse(name, Array.isArray(entries) ? '[]' : '(not a list)', LIST)
    return []
  }
  const settled =
    name === 'ORCHESTRATOR_URL'
      ? [settleEntry(checks, name, {}, checks.settle(name, entries[0].url, httpUrl, ''), shared)]
      : settleList(checks, name, entries, shared)
  return settled.sort(byPriority).map((entry) => hideMembers(entry, ['token', 'taskKey', 'proxyUrl']))
}
