import { readFileSync } from 'node:fs'
import { expect, it, test } from 'vitest'
import { describeEvents, generatedFiles } from '../../../scripts/metrics.js'
import { OWN_FAMILIES, PROCESS_FAMILIES } from '../../../src/observability/families.js'

it.each(generatedFiles())('%s follows from the source; "npm run metrics" updates it', (path, text) => {
  expect(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')).toBe(text)
})

it.each(describeEvents())('the event $name has a meaning and members', ({ meaning, members }) => {
  expect(meaning).toMatch(/^[A-Z].*\.$/)
  expect(meaning).not.toContain('{@')
  expect(members.length).toBeGreaterThan(0)
})

test('the names are complete, because dashboards and alerts depend on them', () => {
  expect(Object.keys(OWN_FAMILIES).sort()).toEqual(
    [
      'cancel_latency_seconds',
      'dead_letters',
      'event_loop_lag_seconds',
      'failovers_total',
      'info',
      'journal_bytes',
      'journal_writes_total',
      'last_poll_timestamp_seconds',
      'obstacle',
      'orchestrator_up',
      'polls_open',
      'ready',
      'registrations_total',
      'request_duration_seconds',
      'requests_total',
      'result_delivery_seconds',
      'results_total',
      'slots',
      'slots_used',
      'state',
      'storage_bytes_total',
      'storage_errors_total',
      'stray_rejections_total',
      'task_duration_seconds',
      'task_wait_seconds',
      'tasks_total',
      'undelivered_oldest_seconds',
      'undelivered_results',
    ].sort(),
  )
  const all = Object.entries({ ...OWN_FAMILIES, ...PROCESS_FAMILIES })
  for (const [name, { type, unit }] of all) {
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter'])
    if (unit) expect(name.replace(/_total$/, '')).toMatch(new RegExp(`_${unit}$`))
  }
})
