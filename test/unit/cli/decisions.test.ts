import { expect, test } from 'vitest'
import { tasksWithoutWorker } from '../../../src/cli/doctor/jobs.js'
import { earlyFlags } from '../../../src/cli/early-flags.js'
import { describeFailure, UsageError } from '../../../src/cli/fail.js'
import { packageManager, packageName } from '../../../src/cli/init/run-init.js'
import { isRelevant } from '../../../src/cli/watch/changes.js'
import { AuthError, ConfigError, UnreachableError } from '../../../src/errors.js'

test.each([
  [new UsageError('wrong'), 2, 'npx avtomatika-worker send --help'],
  [new ConfigError([]), 3, 'npx avtomatika-worker doctor'],
  [new UnreachableError('no answer'), 4, 'npx avtomatika-worker doctor'],
  [new AuthError(401, 'no'), 5, 'npx avtomatika-worker doctor'],
  [new TypeError('a bug'), 1, `npx avtomatika-worker send hello '{"n": 1}' 'it'\\''s' --debug`],
  ['thrown text', 1, `npx avtomatika-worker send hello '{"n": 1}' 'it'\\''s' --debug`],
])('%s ends with its own code and a command that can be pasted', (error, exitCode, next) => {
  const failure = describeFailure(error, ['send', 'hello', '{"n": 1}', "it's"])
  expect(failure).toMatchObject({ exitCode, next })
})

test('flags behind -- belong to others', () => {
  expect(earlyFlags(['run', 'x', '--', '--json', '--debug'])).toEqual({
    json: false,
    debug: false,
    envFiles: [],
  })
  expect(earlyFlags(['run', '--env-file=a', '--env-file-if-exists', 'b', '--json'])).toEqual({
    json: true,
    debug: false,
    envFiles: [
      { path: 'a', isRequired: true },
      { path: 'b', isRequired: false },
    ],
  })
})

test.each([
  ['src/worker.ts', true],
  ['lib/deep/helper.mjs', true],
  ['.env', true],
  ['tsconfig.json', true],
  ['data/result.json', false],
  ['node_modules/x/index.js', false],
  ['.git/hooks/x.js', false],
  ['notes.md', false],
  ['src/worker.ts~', false],
])('a change of %s restarts the worker: %s', (path, expected) => {
  expect(isRelevant(`/project/${path}`, '/project')).toBe(expected)
})

test('the tasks of stuck jobs that no worker offers are counted', () => {
  const job = (status: string, type: string) => ({
    status,
    raw: { blueprint_name: 'one_task', initial_data: { type } },
  })
  const jobs = [job('quarantined', 'a'), job('pending', 'a'), job('finished', 'b'), job('quarantined', 'c')]
  expect(tasksWithoutWorker(['c', 'd'], jobs)).toEqual([{ task: 'a', jobs: 2, offered: ['c', 'd'] }])
})

test.each([
  ['My Worker!', 'my-worker'],
  ['...', 'my-worker'],
  ['résumé', 'r-sum'],
])('the package of the folder %j is %j', (folder, name) => {
  expect(packageName(folder)).toBe(name)
})

test.each([
  ['pnpm/9.1.0 node/v20', 'pnpm'],
  ['npm/10.2.0 node/v20', 'npm'],
  ['cnpm/1 node/v20', 'npm'],
  [undefined, 'npm'],
])('%s means the package manager %s', (agent, expected) => {
  expect(packageManager(agent)).toBe(expected)
})
