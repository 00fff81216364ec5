import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { brokenLinks } from '../../../scripts/pack/links.mjs'
import { projectFiles } from '../../../src/cli/init/project-files.js'
import type { Block } from '../../support/docs/blocks.js'
import { problemOfArguments } from '../../support/docs/command-arguments.js'
import { dataProblem, isData } from '../../support/docs/data.js'
import { KNOWN_VARIABLES } from '../../support/docs/known-names.js'
import { allBlocks, markdownFiles, ROOT, repositoryFiles, textOf } from '../../support/docs/pages.js'
import { isCode } from '../../support/docs/programs.js'
import { isPython, pythonProblems } from '../../support/docs/python.js'
import { filesNamedIn, isShell, shellProblems, variablesInText } from '../../support/docs/shell-check.js'
import { findPython } from '../../support/interop/python-env.js'

const blocks = allBlocks()
const scriptsIn = (text: string): ReadonlySet<string> => new Set(Object.keys(JSON.parse(text).scripts))

const newProject = projectFiles({
  name: 'new',
  language: 'typescript',
  spec: '*',
  tools: { tsx: '*', typescript: '*', '@types/node': '*' },
})
const [, manifest = ''] = newProject.find(([path]) => path === 'package.json') ?? []

test('every link of a document leads to a file and a heading', () => {
  const pages = markdownFiles()
  expect(pages.length).toBeGreaterThan(50)
  expect(brokenLinks(ROOT, pages)).toEqual([])
})

test('every block names a language that the tests know', () => {
  const isText = ({ language }: Block) => ['text', 'diff', 'dockerfile', 'promql'].includes(language)
  const unknown = blocks.filter(
    (block) => ![isCode, isData, isShell, isPython, isText].some((is) => is(block)),
  )
  expect(unknown.map(({ page, line, language }) => `${page}:${line} ${language || 'no language'}`)).toEqual(
    [],
  )
})

test('every block of JSON, YAML, TOML and settings can be read', () => {
  const problems = blocks.filter(isData).map(dataProblem)
  expect(problems.length).toBeGreaterThan(1)
  expect(problems.filter((problem) => problem !== undefined)).toEqual([])
})

const python = findPython()

test.skipIf(!python)('Python can read every block of Python', () => {
  expect(pythonProblems(python?.command ?? '', blocks.filter(isPython))).toEqual([])
})

test('every variable of a file with settings exists', () => {
  const settings = blocks.filter(({ language }) => ['ini', 'env', 'dotenv', 'systemd'].includes(language))
  const unknown = settings.flatMap(({ page, line, code }) =>
    variablesInText(code)
      .filter((name) => !KNOWN_VARIABLES.has(name))
      .map((name) => `${page}:${line} ${name}`),
  )
  expect(unknown).toEqual([])
})

test('every shell command has programs, scripts, options, variables and files that exist', () => {
  const files = repositoryFiles()
  const problems = shellProblems(blocks, {
    root: ROOT,
    npmScripts: scriptsIn(textOf('package.json')),
    projectScripts: scriptsIn(manifest),
    problemOfArguments,
    filesOf: (page) => filesNamedIn(textOf(page), page, files),
  })
  expect(blocks.filter(isShell).length).toBeGreaterThan(20)
  expect(problems).toEqual([])
})

test('bash can read every shell block', () => {
  const problems = blocks.filter(isShell).flatMap(({ page, line, code }) => {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: code, encoding: 'utf8' })
    return status === 0 ? [] : [`${page}:${line} ${stderr}`]
  })
  expect(problems).toEqual([])
})
