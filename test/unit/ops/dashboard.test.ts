import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DASHBOARD, dashboardText } from '../../../scripts/dashboard.js'
import { OWN_FAMILIES, PROCESS_FAMILIES } from '../../../src/observability/families.js'
import { FAMILY_NAMES, labelsIn, metricNamesIn } from '../../support/metric-names.js'

const text = readFileSync(new URL(`../../../${DASHBOARD}`, import.meta.url), 'utf8')

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[]
}

const board = JSON.parse(text)
const panels: readonly Panel[] = board.panels
const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))

test('the dashboard follows from the panels; "npm run dashboard" updates it', () => {
  expect(text).toBe(dashboardText())
})

test('queries have metrics that the worker has, and every metric of the worker is shown', () => {
  const used = new Set(
    queries
      .flatMap(({ expr }) => metricNamesIn(expr))
      .map((name) => name.replace(/_(bucket|sum|count)$/, '')),
  )
  expect([...used].filter((name) => !FAMILY_NAMES.includes(name))).toEqual([])
  expect(FAMILY_NAMES.filter((name) => name.startsWith('avtomatika') && !used.has(name))).toEqual([])
})

test.each(queries)('$title has labels that its metrics have: $expr', ({ expr }) => {
  const families = Object.entries({ ...OWN_FAMILIES, ...PROCESS_FAMILIES })
  const known = metricNamesIn(expr).flatMap((name) => {
    const short = name.replace('avtomatika_worker_', '').replace(/_bucket$/, '')
    return families.find(([each]) => each === short)?.[1].labels ?? []
  })
  const always = ['job', 'instance', ...(expr.includes('_bucket') ? ['le'] : []), 'quantile']
  expect(labelsIn(expr).filter((label) => ![...known, ...always].includes(label))).toEqual([])
  // The variables of the dashboard choose the workers.
  expect(expr.split('job=~"$job",instance=~"$instance"').length - 1).toBe(
    expr.match(/\b(?:avtomatika|process|nodejs)_\w+\{/g)?.length,
  )
})

test('panels have ids and references of their own, a description, and do not overlap', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  const cells = new Set<string>()
  for (const { type, title, description, gridPos, targets = [] } of panels) {
    if (type !== 'row') expect([title, description]).toEqual([title, expect.stringMatching(/\.$/)])
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length)
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect([title, cells.has(`${x},${y}`)]).toEqual([title, false])
        cells.add(`${x},${y}`)
      }
  }
})

test('the data source is a variable, because each Grafana has another one', () => {
  const sources = [...text.matchAll(/"datasource": (\{[^}]*\})/g)].map(([, source = '']) =>
    JSON.parse(source),
  )
  expect(sources.length).toBeGreaterThan(queries.length)
  for (const source of sources) expect(source).toEqual({ type: 'prometheus', uid: '$source' })
  const variables = board.templating.list.map(({ name }: { name: string }) => name)
  expect(variables).toEqual(['source', 'job', 'instance'])
})
