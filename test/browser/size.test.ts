import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'

it('has less than 60 kB compressed, with its chart', () => {
  const folder = fileURLToPath(new URL('../../dist/dev/page', import.meta.url))
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const files = paths.filter((path) => /\.(html|css|js|svg)$/.test(path))
  const bytes = files.reduce((sum, path) => sum + gzipSync(readFileSync(join(folder, path))).length, 0)
  console.log(`the page has ${bytes} bytes compressed, in ${files.length} files`)
  expect(bytes).toBeLessThan(60_000)
})
