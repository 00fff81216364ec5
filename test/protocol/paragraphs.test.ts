import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

const paragraphs = [
  ...readFileSync(at('docs/reference/protocol.md'), 'utf8').matchAll(/^- \*\*(\d+\.\d+\.\d+)\*\* /gm),
].map(([, number]) => number)

/** Where tests quote which paragraphs: `§1.2.3`. */
const quotes = readdirSync(at('test'), { recursive: true, encoding: 'utf8' })
  .filter((path) => /(\.test|\/suite)\.ts$/.test(path))
  .flatMap((path) =>
    [...readFileSync(at(`test/${path}`), 'utf8').matchAll(/§(\d+(?:\.\d+)+)/g)].map(([, quoted = '']) => ({
      path,
      quoted,
    })),
  )
  .filter(({ path }) => !path.endsWith('paragraphs.test.ts'))

test('each paragraph of docs/reference/protocol.md has a number of its own', () => {
  expect(paragraphs.length).toBeGreaterThan(40)
  expect(paragraphs).toEqual([...new Set(paragraphs)])
})

test('each paragraph that a test quotes is there', () => {
  expect(quotes.length).toBeGreaterThan(0)
  expect(quotes.filter(({ quoted }) => !paragraphs.includes(quoted))).toEqual([])
})

test('each paragraph is quoted by a test', () => {
  const quoted = new Set(quotes.map((quote) => quote.quoted))
  expect(paragraphs.filter((number = '') => !quoted.has(number))).toEqual([])
})
