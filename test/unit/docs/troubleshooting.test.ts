import { expect, test } from 'vitest'
import { VARIABLE_NAMES } from '../../../src/config/variables.js'
import { textOf } from '../../support/docs/pages.js'
import { sourcePaths } from '../../support/docs/sources.js'

const page = textOf('docs/how-to/troubleshooting.md')
const source = sourcePaths().map(textOf).join('\n')

const spans = [...page.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text)

/** Settings of the orchestrator, which the worker does not have. */
const OF_THE_ORCHESTRATOR = ['GLOBAL_WORKER_TOKEN', 'RATE_LIMIT_POLL_LIMIT']

test('each message on the page is one that the worker writes', () => {
  const messages = spans.filter((text) => /^[A-Z][^=]* \S+ \S+ /.test(text))
  expect(messages.length).toBeGreaterThan(10)
  // Where a message has a value, the page has three dots.
  const absent = messages.flatMap((text) => text.split('…')).filter((part) => !source.includes(part.trim()))
  expect(absent).toEqual([])
})

test('each setting, metric and cause on the page exists', () => {
  const settings = spans.flatMap((text) => text.match(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+(?==|$)/)?.[0] ?? [])
  const known: readonly string[] = [...VARIABLE_NAMES, ...OF_THE_ORCHESTRATOR]
  expect(settings.filter((name) => !known.includes(name))).toEqual([])
  const metrics = spans.filter((text) => /^(avtomatika_worker|nodejs)_\w+$/.test(text))
  expect(metrics.length).toBeGreaterThan(3)
  expect(metrics.filter((name) => !textOf('docs/reference/metrics.md').includes(`\`${name}\``))).toEqual([])
  const causes = [...page.matchAll(/`diagnose\(\)` reports `(\w+)`/g)].map(([, code]) => code)
  expect(causes.filter((code) => !source.includes(`code: '${code}'`))).toEqual([])
})
