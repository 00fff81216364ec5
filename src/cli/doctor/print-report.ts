import { asShownText } from '../../config/secrets.js'
import { paint } from '../paint.js'
import type { ShownVariable } from './configuration.js'
import type { Report } from './examine.js'
import type { Check, Finding } from './finding.js'

/** Returns the report as lines for a person. @param isWhole - whether to list variables that have their default */
export const reportLines = (
  { findings, checks, configuration }: Report,
  isWhole: boolean,
): readonly string[] => [
  'Configuration',
  ...configuration.filter(({ source }) => isWhole || source !== 'default').map(variableLine),
  ...(isWhole ? [] : ['  All others have their defaults: --all lists them.']),
  '',
  'Checks',
  ...checks.map(checkLine),
  '',
  ...(findings.length === 0 ? [paint('green', 'No fault found.')] : findings.flatMap(findingLines)),
]

const variableLine = ({ name, value, source }: ShownVariable): string =>
  `  ${name} = ${value === null ? '(none)' : asShownText(value)}  ${paint('dim', `(${source})`)}`

const MARKS = {
  ok: paint('green', 'ok     '),
  failed: paint('red', 'FAILED '),
  skipped: paint('dim', 'skipped'),
}

const checkLine = ({ name, status, detail }: Check): string => `  ${MARKS[status]} ${name}: ${detail}`

const findingLines = ({ severity, cause, evidence, remedy }: Finding, at: number): readonly string[] => [
  `${at + 1}. ${severity === 'error' ? paint('red', cause) : paint('yellow', `Warning: ${cause}`)}`,
  `   ${evidence}`,
  `   ${paint('bold', remedy)}`,
]
