import { expect, test } from 'vitest'
import { linesOf, readNotes, reportsOf } from '../../../../src/cli/chaos/report.js'

const begun = (run: string, jobId: string, taskName = 'work') => ({ run, jobId, taskName })

test('tells repeated, killed and different runs apart', () => {
  const notes = [
    begun('1', 'j1'),
    { run: '1', effect: '{"n":1}' },
    begun('2', 'j2'),
    begun('3', 'j2'),
    { run: '3', effect: '{"n":1}' },
    begun('4', 'j3'),
    { run: '4', effect: '{"n":1}' },
    begun('5', 'j3'),
    { run: '5', effect: '{"n":2}' },
    begun('6', 'j4', 'other'),
    { run: '6', effect: 'nothing' },
    begun('7', 'j4', 'other'),
    { run: '7', effect: 'nothing' },
  ]
  expect(reportsOf(notes)).toEqual([
    {
      taskName: 'work',
      jobs: 3,
      runs: 5,
      repeated: 2,
      killed: 1,
      different: 1,
      example: { jobId: 'j3', effects: ['{"n":1}', '{"n":2}'] },
    },
    { taskName: 'other', jobs: 1, runs: 2, repeated: 1, killed: 0, different: 0, example: undefined },
  ])
  expect(reportsOf(notes).flatMap(linesOf).join('\n')).toMatch(
    /^DIFFERENT work: 3 jobs.*\n.*j3.*\n.*j3.*\nok +other/,
  )
})

test('a line that was cut short by a kill is left out', () => {
  expect(readNotes('{"run":"1","jobId":"j","taskName":"t"}\n{"run":"1","eff')).toHaveLength(1)
})
