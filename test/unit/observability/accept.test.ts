import { expect, test } from 'vitest'
import { formatFor } from '../../../src/observability/accept.js'

const PROMETHEUS_2 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'

test.each([
  [PROMETHEUS_2, 'openmetrics'],
  ['application/openmetrics-text', 'openmetrics'],
  ['Application/OpenMetrics-Text; Q=0.5', 'openmetrics'],
  ['text/plain;q=0.9, application/openmetrics-text;q=0.3', 'prometheus'],
  ['application/openmetrics-text;q=0', 'prometheus'],
  ['application/openmetrics-text;q=..', 'prometheus'],
  ['text/plain;version=0.0.4', 'prometheus'],
  ['*/*', 'prometheus'],
  ['text/html,application/xhtml+xml,*/*;q=0.8', 'prometheus'],
  ['', 'prometheus'],
  [',;,;q=', 'prometheus'],
])('Accept: %s gets %s', (accept, format) => {
  expect(formatFor(accept)).toBe(format)
})
