import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ROOT, repositoryFiles, textOf } from '../../support/docs/pages.js'

const manifest = JSON.parse(textOf('package.json'))

interface Step {
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}

interface Workflow {
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly uses?: string
        readonly steps?: readonly Step[]
        readonly strategy?: { readonly matrix: { readonly node: readonly number[] } }
      }
    >
  >
}

const workflow = (name: string): Workflow => parse(textOf(`.github/workflows/${name}.yml`))
const stepsOf = (name: string): readonly Step[] =>
  Object.values(workflow(name).jobs).flatMap(({ steps = [] }) => steps)

test('CI runs .ci/run on the oldest supported Node and on newer ones', () => {
  const { matrix } = workflow('ci').jobs['checks']?.strategy ?? {}
  expect(matrix?.node).toEqual([20, 22, 24])
  expect(manifest.engines.node).toBe('>=20.19.0')
  expect(stepsOf('ci').map(({ run }) => run)).toContain('.ci/run')
})

test('a release waits for the checks, and its npm scripts exist', () => {
  const { jobs } = workflow('release')
  expect(jobs['checks']?.uses).toBe('./.github/workflows/ci.yml')
  expect(jobs['release']).toMatchObject({ needs: 'checks', permissions: { 'id-token': 'write' } })
  const commands = stepsOf('release').flatMap(({ run, with: inputs }) => [
    run,
    inputs?.['version'],
    inputs?.['publish'],
  ])
  const scripts = commands.flatMap((text) =>
    [...String(text).matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name),
  )
  expect(scripts).toEqual(['release:version'])
  expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(scripts))
})

const forms = repositoryFiles().filter((path) => /^\.github\/ISSUE_TEMPLATE\/(?!config)/.test(path))

test.each(forms)('%s is a form with a name, a description and fields with ids', (path) => {
  const { name, description, body } = parse(textOf(path))
  expect([name, description]).toEqual([expect.any(String), expect.any(String)])
  const fields = body.filter(({ type }: { type: string }) => type !== 'markdown')
  const ids = fields.map(({ id }: { id: string }) => id)
  expect(ids.length).toBeGreaterThan(2)
  expect(new Set(ids).size).toBe(ids.length)
  for (const { type, attributes } of fields) {
    expect(['textarea', 'input', 'dropdown']).toContain(type)
    expect(attributes.label).toEqual(expect.any(String))
  }
})

test('there are two forms, and no issue without one', () => {
  expect(forms).toHaveLength(2)
  expect(parse(textOf('.github/ISSUE_TEMPLATE/config.yml'))).toEqual({ blank_issues_enabled: false })
})

test('documents that forms and the template name exist', () => {
  const texts = [...forms, '.github/pull_request_template.md'].map(textOf).join('\n')
  const named = texts.match(/\b(?:docs\/[\w/-]+|SECURITY|CONTRIBUTING)\.md\b/g) ?? []
  expect(named.length).toBeGreaterThan(1)
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})
