/**
 * Writes ops/dashboard.json, a dashboard for Grafana, from scripts/ops/panels.ts.
 *
 *   npm run dashboard
 *
 * test/unit/ops/dashboard.test.ts fails if the file is stale.
 */
import { writeFileSync } from 'node:fs'
import { at } from './generated.js'
import { isMain } from './is-main.mjs'
import { type PanelContent, ROWS } from './ops/panels.js'

export const DASHBOARD = 'ops/dashboard.json'

/** The variable that holds the data source: everybody's has another id. */
const SOURCE = { type: 'prometheus', uid: '$source' }
/** Grafana's dashboards have 24 columns. */
const COLUMNS = 24
const SIZES = { stat: { w: 3, h: 4 }, timeseries: { w: 8, h: 8 }, table: { w: 8, h: 8 } } as const

const steps = ([warning, critical]: readonly [number, number]) => [
  { color: 'green', value: null },
  { color: 'yellow', value: warning },
  { color: 'red', value: critical },
]

const LOOKS = {
  stat: {
    options: {
      colorMode: 'value',
      graphMode: 'area',
      justifyMode: 'auto',
      orientation: 'auto',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      percentChangeColorMode: 'standard',
      showPercentChange: false,
      textMode: 'auto',
      wideLayout: true,
    },
    custom: undefined,
  },
  timeseries: {
    options: {
      legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    custom: { drawStyle: 'line', fillOpacity: 10, lineWidth: 1, showPoints: 'never' },
  },
  table: { options: { frameIndex: 0, showHeader: true }, custom: undefined },
} as const

const customOf = ({ kind, stacked = false }: PanelContent) => {
  const { custom } = LOOKS[kind]
  return custom && { custom: { ...custom, stacking: { group: 'A', mode: stacked ? 'normal' : 'none' } } }
}

const LETTERS = 'ABCDEF'

const panel = (content: PanelContent, id: number, place: { readonly x: number; readonly y: number }) => {
  const { kind, title, description, queries, unit = 'short', thresholds } = content
  const isTable = kind === 'table'
  return {
    id,
    type: kind,
    title,
    description,
    datasource: SOURCE,
    gridPos: { ...SIZES[kind], ...place },
    fieldConfig: {
      defaults: {
        unit,
        ...(kind !== 'table' && { min: 0 }),
        ...(thresholds && { thresholds: { mode: 'absolute', steps: steps(thresholds) } }),
        ...customOf(content),
      },
      overrides: [],
    },
    options: LOOKS[kind].options,
    ...(isTable && {
      transformations: [
        { id: 'organize', options: { excludeByName: { Time: true, Value: true, __name__: true } } },
      ],
    }),
    targets: queries.map(({ expr, legend }, index) => ({
      refId: LETTERS[index],
      datasource: SOURCE,
      expr,
      ...(isTable ? { format: 'table', instant: true } : { legendFormat: legend || '__auto', range: true }),
    })),
  }
}

const panels = () => {
  const all: object[] = []
  let [x, y, rowHeight] = [0, 0, 0]
  const breakLine = () => {
    y += rowHeight
    x = 0
    rowHeight = 0
  }
  for (const { title, panels: contents } of ROWS) {
    breakLine()
    const id = all.length + 1
    all.push({ id, type: 'row', title, collapsed: false, gridPos: { x: 0, y, w: COLUMNS, h: 1 }, panels: [] })
    y += 1
    for (const content of contents) {
      const { w, h } = SIZES[content.kind]
      if (x + w > COLUMNS) breakLine()
      all.push(panel(content, all.length + 1, { x, y }))
      x += w
      rowHeight = h
    }
  }
  return all
}

const choice = (name: string, label: string, query: string) => ({
  name,
  label,
  type: 'query',
  datasource: SOURCE,
  query,
  refresh: 2,
  sort: 1,
  multi: true,
  includeAll: true,
  allValue: '.+',
  current: { selected: true, text: ['All'], value: ['$__all'] },
  options: [],
})

/** The dashboard, as Grafana imports it. */
export const dashboard = () => ({
  uid: 'avtomatika-worker',
  title: 'Avtomatika workers',
  description:
    'Made by scripts/dashboard.ts of avtomatika-worker. docs/reference/metrics.md describes the metrics.',
  tags: ['avtomatika'],
  editable: true,
  graphTooltip: 1,
  schemaVersion: 39,
  version: 1,
  timezone: 'browser',
  refresh: '30s',
  time: { from: 'now-3h', to: 'now' },
  annotations: { list: [] },
  templating: {
    list: [
      {
        name: 'source',
        label: 'Data source',
        type: 'datasource',
        query: 'prometheus',
        current: { selected: false, text: 'Prometheus', value: 'prometheus' },
        options: [],
      },
      choice('job', 'Job', 'label_values(avtomatika_worker_info, job)'),
      choice('instance', 'Worker', 'label_values(avtomatika_worker_info{job=~"$job"}, instance)'),
    ],
  },
  links: [],
  panels: panels(),
})

/** The text that the file should have. */
export const dashboardText = (): string => `${JSON.stringify(dashboard(), undefined, 1)}\n`

if (isMain(import.meta.url)) writeFileSync(at(DASHBOARD), dashboardText())
