import { expect, test } from 'vitest'
import { type Finding, ranked } from '../../../../src/cli/doctor/finding.js'

const finding = (code: string, severity: Finding['severity'] = 'error'): Finding => ({
  ...{ code, severity, cause: `${code}.`, evidence: 'Seen.', remedy: 'Mend it.' },
})
const codesOf = (...findings: Finding[]) => ranked(findings).map(({ code }) => code)

test('what did not end comes after each cause that is certain, and before a running worker', () => {
  const certain = ['config_wrong', 'no_answer', 'token_refused', 'store_unusable', 'port_taken']
  const unsure = ['request_unanswered', 'check_unfinished']
  const all = [...certain, ...unsure, 'poll_limit_reached']
  expect(codesOf(...all.toReversed().map((code) => finding(code)))).toEqual(all)
})

test('warnings come after errors', () => {
  expect(codesOf(finding('config_wrong', 'warning'), finding('a_cause_of_a_worker'))).toEqual([
    'a_cause_of_a_worker',
    'config_wrong',
  ])
})

test('a cause that two checks found is listed once', () => {
  expect(codesOf(finding('no_answer'), finding('no_answer'))).toEqual(['no_answer'])
})
