import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const at = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))
const read = (path: string) => readFileSync(at(path), 'utf8')

const [, section = ''] = read('docs/explanation/reliability.md').split('### What happens when\n')
const COLUMNS = ['idle', 'runs', 'waits', 'sent', 'acknowledged']

/** The cells that promise something, as `row · column`. */
const promises = section
  .slice(0, section.indexOf('<!--'))
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| |'))
  .flatMap((line) => {
    const [row = '', ...cells] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
    return COLUMNS.filter((_, place) => cells[place] !== '').map((column) => `${row} · ${column}`)
  })

const shown = [...section.matchAll(/^(.+ · \w+): (\S+) "(.+)"$/gm)].map(([, cell, path, title]) => ({
  cell,
  path: `${path}`,
  title: `${title}`,
}))

test('each cell of the table names the test that shows it', () => {
  expect(promises.length).toBeGreaterThan(50)
  expect(shown.map(({ cell }) => cell)).toEqual(promises)
})

/** A folder of test files that share their tests has them in its `suite.ts`. */
const textOf = (path: string) =>
  existsSync(at(`test/${path}/suite.ts`)) ? read(`test/${path}/suite.ts`) : read(`test/${path}.test.ts`)

test('each test that is named is there', () => {
  expect(shown.filter(({ path, title }) => !textOf(path).includes(title))).toEqual([])
})
