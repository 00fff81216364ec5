import { describe, expect, test } from 'vitest'
import { dashboard, dashboardText } from '../../../scripts/dashboard.js'
import { grafanaSchema } from '../../support/grafana/schema.js'

const check = await grafanaSchema()
if (!check) console.log('ops: the schema of Grafana is not checked: that needs Go and its module proxy')

describe.skipIf(!check)("Grafana's schema", () => {
  test('accepts the dashboard', () => {
    const count = dashboard().panels.length
    expect(check?.(dashboardText())).toEqual({ ok: true, output: `Avtomatika workers: ${count} panels\n` })
  })

  test.each([
    ['an unknown field', (text: string) => text.replace('"graphTooltip"', '"tooltips"')],
    ['an unknown option of a panel', (text: string) => text.replace('"colorMode"', '"colorMod"')],
    ['an unknown field of a query', (text: string) => text.replace('"legendFormat"', '"legend"')],
    ['a value of another type', (text: string) => text.replace('"w": 24', '"w": "24"')],
  ])('refuses %s', (_what, spoil) => {
    expect(check?.(spoil(dashboardText()))).toMatchObject({ ok: false })
  })
})
