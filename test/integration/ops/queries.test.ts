import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { DASHBOARD } from '../../../scripts/dashboard.js'
import { familiesIn } from '../../support/exposition.js'
import { eventually } from '../../support/interop/eventually.js'
import { freePort } from '../../support/interop/free-port.js'
import { metricNamesIn } from '../../support/metric-names.js'
import { alertRules, objectsIn } from '../../support/ops-files.js'
import { hasPrometheus, Prometheus } from '../../support/prometheus.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { gate, testWorker } from '../../support/test-worker.js'
import { servedWorker } from './set-up.js'

const panels = JSON.parse(readFileSync(new URL(`../../../${DASHBOARD}`, import.meta.url), 'utf8'))
  .panels as readonly {
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}[]

/** As Grafana does before it asks Prometheus. */
const asked = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '10s').replaceAll('$job', '.+').replaceAll('$instance', '.+')

const queries = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, asked(expr)] as const),
)

test('every metric of the dashboard and of the alerts is in a real scrape', async () => {
  const orchestrator = await RawOrchestrator.start()
  const { worker } = testWorker({ url: orchestrator.url })
  const text = await worker.metrics.text()
  const families = familiesIn(text)
  const names = [...queries.map(([, expr]) => expr), ...alertRules.map(({ expr }) => expr)].flatMap(
    metricNamesIn,
  )
  const known = (name: string) =>
    name in families || families[name.replace(/_(bucket|sum|count)$/, '')] === 'histogram'
  expect(names.length).toBeGreaterThan(50)
  expect(names.filter((name) => !known(name))).toEqual([])
})

describe.skipIf(!hasPrometheus)('Prometheus, which scrapes a real worker, answers', () => {
  test('every query of the dashboard with data, and the query of KEDA with the slots in use', async () => {
    const orchestrator = await RawOrchestrator.start()
    const port = await freePort()
    const { worker, serve } = servedWorker(orchestrator.url, port)
    const { opened, open } = gate()
    worker.task('long', () => opened)
    const labels = { namespace: 'default', pod: 'resizer-0' }
    const prometheus = await Prometheus.start({ ports: [port], labels })
    onTestFinished(() => prometheus.stop())
    await serve(prometheus)
    for (let n = 0; n < 3; n++) orchestrator.offer('long')
    const [keda] = objectsIn('kubernetes/keda.yml')
    // A scrape that fails makes all series stale until the next one.
    const answered = (what: string, query: string, isGood: (values: readonly string[]) => boolean) =>
      eventually(what, async () => {
        const results = await prometheus.query(query)
        return isGood(results.map(({ value }) => value[1])) && results
      })
    const used = await answered('three slots in use', keda.spec.triggers[0].metadata.query, (values) =>
      values.includes('3'),
    )
    expect(used).toHaveLength(1)
    expect(queries.length).toBeGreaterThan(30)
    for (const [title, query] of queries)
      await answered(`data for ${title}: ${query}`, query, ({ length }) => length > 0)
    open()
  })
})
