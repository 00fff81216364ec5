import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { neverRun, parts, programs, trials } from '../../../scripts/ship-check.mjs'
import { ROOT, repositoryFiles } from '../../support/docs/pages.js'

it('names the programs that nothing runs', () => {
  expect(neverRun(['hello.ts', 'tasks/new.ts', 'README.md', 'new.ts', 'tasksets/a.py'])).toEqual([
    'new.ts',
    'tasksets/a.py',
  ])
})

it('runs every example of the repository, and none that is gone', () => {
  const examples = repositoryFiles().filter((path) => path.startsWith('examples/'))
  expect(neverRun(examples.map((path) => path.slice('examples/'.length)))).toEqual([])
  const all = [trials, programs, parts].flatMap((each) => Object.keys(each))
  expect(all.filter((path) => !existsSync(join(ROOT, 'examples', path)))).toEqual([])
})
