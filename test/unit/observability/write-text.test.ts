import { expect, test } from 'vitest'
import { type FilledFamily, writeText } from '../../../src/observability/write-text.js'
import { Histogram } from '../../../src/utils/histogram.js'
import { hasPromtool, promtoolFindings } from '../../support/exposition.js'

const histogram = new Histogram([0.1, 2])
for (const value of [0.1, 0.5, 2, 3]) histogram.observe(value)

const FAMILIES: readonly FilledFamily[] = [
  {
    name: 'a_total',
    family: { type: 'counter', help: 'Back\\slash and\nline', labels: ['name'] },
    samples: [{ labels: { name: 'q"\\\n' }, value: 3 }],
  },
  {
    name: 'b_seconds',
    family: { type: 'histogram', unit: 'seconds', help: 'Ranges', labels: ['kind'] },
    samples: [{ labels: { kind: 'x' }, value: histogram }],
  },
  {
    name: 'c_seconds',
    family: { type: 'summary', unit: 'seconds', help: 'Quantiles' },
    samples: [{ value: { quantiles: [[1, 0.25]], sum: 1.5, count: 7 } }],
  },
  {
    name: 'd',
    family: { type: 'gauge', help: 'Extremes' },
    samples: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value) => ({
      labels: { is: String(value) },
      value,
    })),
  },
  { name: 'e', family: { type: 'gauge', help: 'Empty' }, samples: [] },
]

test('the Prometheus text format', () => {
  expect(writeText(FAMILIES, 'prometheus')).toBe(`# HELP a_total Back\\\\slash and\\nline.
# TYPE a_total counter
a_total{name="q\\"\\\\\\n"} 3
# HELP b_seconds Ranges.
# TYPE b_seconds histogram
b_seconds_bucket{kind="x",le="0.1"} 1
b_seconds_bucket{kind="x",le="2"} 3
b_seconds_bucket{kind="x",le="+Inf"} 4
b_seconds_sum{kind="x"} 5.6
b_seconds_count{kind="x"} 4
# HELP c_seconds Quantiles.
# TYPE c_seconds summary
c_seconds{quantile="1"} 0.25
c_seconds_sum 1.5
c_seconds_count 7
# HELP d Extremes.
# TYPE d gauge
d{is="NaN"} NaN
d{is="Infinity"} +Inf
d{is="-Infinity"} -Inf
# HELP e Empty.
# TYPE e gauge
`)
})

test('OpenMetrics names counters without their ending, has units and canonical numbers in labels, and ends with EOF', () => {
  const text = writeText(FAMILIES, 'openmetrics')
  expect(text).toContain('# TYPE a counter\na_total{')
  expect(text).toContain('# UNIT b_seconds seconds\n')
  expect(text).toContain('le="2.0"')
  expect(text).toContain('quantile="1.0"')
  expect(text.endsWith('# TYPE e gauge\n# EOF\n')).toBe(true)
})

test.skipIf(!hasPromtool)('promtool reads the text, and finds a name that is not allowed', () => {
  expect(promtoolFindings(writeText(FAMILIES, 'prometheus'))).toBe('')
  const wrong: FilledFamily = {
    name: 'wrong_count',
    family: { type: 'counter', help: 'x' },
    samples: [{ value: 1 }],
  }
  expect(promtoolFindings(writeText([wrong], 'prometheus'))).toContain('wrong_count')
})
