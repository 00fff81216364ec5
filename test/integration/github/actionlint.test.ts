import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { ROOT, repositoryFiles, textOf } from '../../support/docs/pages.js'
import { goProgram } from '../../support/go-program.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const VERSION = 'v1.7.12'

/** The installed program. CI builds one if there is none; a contributor need not wait for that. */
const find = async (): Promise<string | undefined> => {
  if (spawnSync('actionlint', ['-version']).status === 0) return 'actionlint'
  if (!process.env['CI']) return undefined
  return goProgram('actionlint', VERSION, 'github.com/rhysd/actionlint/cmd/actionlint')
}

let program: string | undefined
beforeAll(async () => {
  program = await find()
  if (program === undefined)
    console.log('actionlint is not installed: the workflows are not checked. CI=true builds it with Go.')
})

const lint = (command: string, files: readonly string[]): string => {
  const { stdout, stderr } = spawnSync(command, ['-no-color', '-oneline', ...files], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  return stdout + stderr
}

test('actionlint finds nothing wrong with the workflows', ({ skip }) => {
  if (program === undefined) return skip('actionlint is not installed')
  const workflows = repositoryFiles().filter((path) => path.startsWith('.github/workflows/'))
  expect(workflows).toHaveLength(2)
  expect(lint(program, workflows)).toBe('')
})

test('actionlint finds an expression that does not exist', ({ skip }) => {
  if (program === undefined) return skip('actionlint is not installed')
  const broken = join(temporaryFolder(), 'broken.yml')
  writeFileSync(broken, textOf('.github/workflows/ci.yml').replace('matrix.node }', 'matrix.nodes }'))
  expect(lint(program, [broken])).toContain('property "nodes" is not defined')
})
