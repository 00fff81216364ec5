import {
  fullName,
  OWN_FAMILIES,
  type OwnFamilyName,
  PROCESS_FAMILIES,
} from '../../src/observability/families.js'

/** The names of all metrics of a worker, without the endings of histograms. */
export const FAMILY_NAMES: readonly string[] = [
  ...Object.keys(OWN_FAMILIES).map((name) => fullName(name as OwnFamilyName)),
  ...Object.keys(PROCESS_FAMILIES),
]

/** The names of metrics in a query, among them the ones that no worker has. */
export const metricNamesIn = (query: string): readonly string[] => {
  const found = query.replaceAll(/"[^"]*"/g, '""').match(/\b(?:avtomatika|process|nodejs)_\w+/g) ?? []
  return [...new Set(found)]
}

/** The labels that a query selects by or groups by. */
export const labelsIn = (query: string): readonly string[] => {
  const matched = [...query.matchAll(/\b(\w+)\s*(?:=~|!=|!~|=)\s*"/g)].map(([, label = '']) => label)
  const grouped = [...query.matchAll(/\b(?:by|on|without) \(([\w, ]*)\)/g)].flatMap(([, labels = '']) =>
    labels.split(',').map((label) => label.trim()),
  )
  return [...new Set([...matched, ...grouped])]
}
