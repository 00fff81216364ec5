import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { anchorsIn } from '../../../scripts/pack/links.mjs'
import { hasPromtool } from '../../support/exposition.js'
import { FAMILY_NAMES, metricNamesIn } from '../../support/metric-names.js'
import { alertRules, alertTests } from '../../support/ops-files.js'

const at = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

const promtool = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: at('ops'), encoding: 'utf8' })
  return { status, output: `${stdout}${stderr}` }
}

const runbook = readFileSync(at('docs/how-to/runbook.md'), 'utf8')

test('there are at least eight alerts, and no name is used twice', () => {
  const names = alertRules.map(({ alert }) => alert)
  expect(names.length).toBeGreaterThanOrEqual(8)
  expect(new Set(names).size).toBe(names.length)
})

describe.each(alertRules)('$alert', ({ alert, expr, labels, annotations }) => {
  test('watches metrics that the worker has', () => {
    const unknown = metricNamesIn(expr).filter((name) => !FAMILY_NAMES.includes(name))
    expect(unknown).toEqual([])
    // Prometheus itself makes the series `up`.
    expect(metricNamesIn(expr).length > 0 || expr.startsWith('up{')).toBe(true)
  })

  test('has a severity, texts, and an entry in the runbook', () => {
    expect(['critical', 'warning']).toContain(labels.severity)
    for (const text of [annotations.summary, annotations.description]) expect(text).toMatch(/^\S.*\S$/)
    const [file, anchor = ''] = annotations.runbook_url.split('#')
    expect(file).toBe('docs/how-to/runbook.md')
    expect(anchorsIn(runbook)).toContain(anchor)
    expect(anchor).toBe(alert.toLowerCase())
  })

  test('has a unit test in which it fires, and one in which it does not', () => {
    const own = alertTests
      .flatMap(({ alert_rule_test }) => alert_rule_test)
      .filter((each) => each.alertname === alert)
    expect(own.some(({ exp_alerts = [] }) => exp_alerts.length > 0)).toBe(true)
    expect(own.filter(({ exp_alerts = [] }) => exp_alerts.length === 0).length).toBeGreaterThan(1)
  })
})

test('the runbook has entries for these alerts alone', () => {
  const headings = [...runbook.matchAll(/^## (Avtomatika\w+)$/gm)].map(([, name]) => name)
  expect(headings).toEqual(alertRules.map(({ alert }) => alert))
})

test.skipIf(!hasPromtool)('promtool accepts the rules and the example of a configuration', () => {
  expect(promtool('check', 'rules', '--lint-fatal', 'alerts.yml')).toEqual({
    status: 0,
    output: expect.stringContaining(`${alertRules.length} rules found`),
  })
  expect(promtool('check', 'config', '--lint-fatal', 'prometheus.yml')).toMatchObject({ status: 0 })
})

test.skipIf(!hasPromtool)('the unit tests of the rules pass', () => {
  const { status, output } = promtool('test', 'rules', 'alerts.test.yml')
  expect([status, output]).toEqual([0, expect.stringContaining('SUCCESS')])
})
