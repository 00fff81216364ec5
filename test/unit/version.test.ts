import { readFileSync } from 'node:fs'
import { VERSION } from 'avtomatika-worker'
import { expect, test } from 'vitest'

test('VERSION is that of package.json: npm run metrics writes it', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  expect(VERSION).toBe(version)
})
