import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8')

const [, section = ''] = read('docs/reliability.md').split('### What happens when\n')
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
  path,
  title,
}))

test('each cell of the table names the test that shows it', () => {
  expect(promises.length).toBeGreaterThan(50)
  expect(shown.map(({ cell }) => cell)).toEqual(promises)
})

test('each test that is named is there', () => {
  expect(shown.filter(({ path, title }) => !read(`test/${path}.test.ts`).includes(`${title}`))).toEqual([])
})
