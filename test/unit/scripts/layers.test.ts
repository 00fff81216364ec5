import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder.js'

const here = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

/** The files of a `src/`, each with what it imports. */
type Tree = Record<string, readonly string[]>
/** A file of `src/` and a rule that it breaks. */
type Violation = readonly [path: string, rule: string]

const importLine = (specifier: string, n: number) => {
  const [, type = '', from] = /^(type )?(.*)$/.exec(specifier) ?? []
  return `import ${type}{ x as x${n} } from '${from}'\n`
}

const writeTree = (root: string, tree: Tree) => {
  for (const name of ['node_modules', 'package.json', 'tsconfig.json'])
    symlinkSync(here(name), join(root, name))
  for (const [path, imports] of Object.entries(tree)) {
    const file = join(root, 'src', path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${imports.map(importLine).join('')}export const x = 1\n`)
  }
}

/** What the project's own rules say about a tree. */
const cruise = (tree: Tree): Violation[] => {
  const root = mkdtempSync(join(tmpdir(), 'layers-'))
  try {
    writeTree(root, tree)
    const program = here('node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
    const args = [program, '--config', here('.dependency-cruiser.cjs'), '--output-type', 'json', 'src']
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
    if (stdout === '') throw new Error(stderr)
    const { summary } = JSON.parse(stdout) as {
      summary: { violations: { from: string; rule: { name: string } }[] }
    }
    return summary.violations.map(({ from, rule }) => [from.replace('src/', ''), rule.name])
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

it('the layers let a well-kept tree pass', () => {
  const tree: Tree = {
    'errors.ts': [],
    'events.ts': ['type ./errors.js'],
    'utils/time.ts': [],
    'protocol/messages.ts': ['../utils/time.js'],
    'protocol/routes.ts': [],
    'protocol/classic/encode.ts': ['../messages.js', '../routes.js'],
    'protocol/rxon/encode.ts': ['../messages.js', 'node:crypto'],
    'protocol/select.ts': ['./classic/encode.js', './rxon/encode.js'],
    'transport/http.ts': ['undici', '../errors.js', '../utils/time.js'],
    'orchestrators/pool.ts': ['../transport/http.js', '../protocol/select.js'],
    'tasks/run-task.ts': ['../protocol/messages.js', '../events.js'],
    'polling/poll-loop.ts': ['../orchestrators/pool.js'],
    'runtime/runtime.ts': ['../polling/poll-loop.js', '../tasks/run-task.js'],
    'settings.ts': ['type ./protocol/messages.js'],
    'logger.ts': ['pino', 'type ./settings.js'],
    'worker-foundation.ts': ['./logger.js', './events.js', 'type ./runtime/runtime.js'],
    'worker.ts': ['./runtime/runtime.js', './worker-foundation.js', './events.js'],
    'index.ts': ['./worker.js', './errors.js'],
    'dev/index.ts': ['hono', '../utils/time.js'],
    'cli/main.ts': ['commander', '../worker.js', '../dev/index.js'],
  }
  expect(cruise(tree)).toEqual([])
})

it('the layers refuse a rule about a place that does not exist', () => {
  const rules = join(temporaryFolder(), 'rules.cjs')
  copyFileSync(here('.dependency-cruiser.cjs'), rules)
  expect(() => createRequire(import.meta.url)(rules)).toThrow(
    '.dependency-cruiser.cjs names src/utils, which does not exist. Remove or correct it.',
  )
})

describe('the layers refuse', () => {
  const cases: [what: string, path: string, imports: string[], rule: string][] = [
    ['a low layer that looks up', 'utils/up.ts', ['../tasks/fine.js'], 'layer-utils'],
    ['a type import that looks up', 'transport/up.ts', ['type ../protocol/fine.js'], 'layer-transport'],
    ['a layer that looks down too far', 'tasks/far.ts', ['../transport/fine.js'], 'layer-tasks'],
    ['a part that knows the facade', 'health/facade.ts', ['../worker.js'], 'layer-health'],
    ['metrics that are loaded at once', 'observability/reports.ts', ['./exporter.js'], 'loaded-on-demand'],
    ['classic looking at rxon', 'protocol/classic/a.ts', ['../rxon/fine.js'], 'twins-classic'],
    ['rxon looking at classic', 'protocol/rxon/a.ts', ['type ../classic/fine.js'], 'twins-rxon'],
    ['a cycle of types', 'tasks/egg.ts', ['type ./hen.js'], 'no-cycles'],
    ['I/O in the protocol', 'protocol/reads.ts', ['node:fs'], 'protocol-is-pure'],
    ['a codec both ends share', 'dev/a.ts', ['../protocol/classic/fine.js'], 'layer-dev'],
    ['a package away from home', 'runtime/a.ts', ['ws'], 'package-ws'],
    ['a package that users do not have', 'tasks/zod.ts', ['zod'], 'no-dev-dependencies'],
    ['an import that leads nowhere', 'tasks/lost.ts', ['./gone.js'], 'no-unresolved'],
    ['a folder nobody placed', 'helpers/a.ts', ['../utils/fine.js'], 'layer-unknown'],
    ['the facade using the embedded orchestrator', 'worker.ts', ['./dev/fine.js'], 'layer-worker.ts'],
    ['commander outside of the command line', 'tasks/cli.ts', ['commander'], 'package-commander'],
    ['a worker that loads any of these', 'index.ts', ['./worker.js', './tasks/cli.js'], 'not-in-a-worker'],
  ]
  const fine = ['dev', 'protocol', 'protocol/classic', 'protocol/rxon', 'tasks', 'transport', 'utils']
  let violations: Violation[]

  beforeAll(() => {
    violations = cruise({
      'tasks/hen.ts': ['type ./egg.js'],
      'observability/exporter.ts': [],
      ...Object.fromEntries(fine.map((folder) => [`${folder}/fine.ts`, []])),
      ...Object.fromEntries(cases.map(([, path, imports]) => [path, imports])),
    })
  })

  it.each(cases)('%s', (_what, path, _imports, rule) => {
    const rules = new Set(violations.filter(([from]) => from === path).map(([, name]) => name))
    expect([...rules]).toEqual([rule])
  })

  it('nothing else', () => {
    const blamed = new Set(violations.map(([from]) => from))
    expect([...blamed].sort()).toEqual(cases.map(([, path]) => path).sort())
  })
})
