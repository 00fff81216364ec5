import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { bytesBelow, missingFrom, nativeBelow, straysAmong } from '../../../scripts/pack-check.mjs'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pack-check-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const write = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

it('counts the bytes of every file, however deep', () => {
  write('a', '12345')
  write('b/c/d', '123')
  expect(bytesBelow(root)).toBe(8)
})

it('names addons, build recipes and packages that run something at installation', () => {
  write('node_modules/plain/package.json', '{ "scripts": { "test": "x" } }')
  write('node_modules/plain/node.js', '')
  write('node_modules/plain/fixtures/package.json', 'not JSON, and nobody minds')
  write('node_modules/addon/build/fast.node', '')
  write('node_modules/recipe/binding.gyp', '')
  write('node_modules/@scope/fetches/package.json', '{ "scripts": { "postinstall": "x" } }')
  const found = nativeBelow(root).map((path) => relative(join(root, 'node_modules'), path))
  expect(found.sort()).toEqual(['@scope/fetches/package.json', 'addon/build/fast.node', 'recipe/binding.gyp'])
})

it('names files that do not belong into the tarball', () => {
  const paths = ['dist/a/b.js', 'dist/index.d.ts', 'docs/a.md', 'CHANGELOG.md', 'LICENSE', 'package.json']
  const strays = ['dist/a.js.map', 'src/a.ts', 'docs/a.html', 'notes.md']
  expect(straysAmong([...paths, ...strays])).toEqual(strays)
})

it('names files that the tarball lacks', () => {
  const paths = ['LICENSE', 'dist/dev/page/vendor/LICENSES.txt', 'docs/reference/licenses.md']
  expect(missingFrom(paths)).toEqual(['llms.txt'])
  expect(missingFrom([...paths, 'llms.txt'])).toEqual([])
})

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8')

it.each(['src/index.ts', 'src/client/index.ts', 'src/dev/index.ts', 'src/testing/index.ts'])(
  'compiles programs that use every name of %s',
  (entry) => {
    const exported = [...read(entry).matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = '']) =>
      names.split(',').map((name) => name.replace(/^\s*(type )?(\w+ as )?/, '').trim()),
    )
    const programs = ['', '-client', '-dev', '-testing']
      .map((part) => read(`scripts/pack/consumer${part}.ts`))
      .join('')
    const used = new Set(programs.match(/\w+/g))
    expect(exported.length).toBeGreaterThan(15)
    expect(exported.filter((name) => name !== '' && !used.has(name))).toEqual([])
  },
)
