import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { anchorsIn, brokenLinks, linksIn } from '../../../scripts/pack/links.mjs'
import { temporaryFolder } from '../../support/temporary-folder.js'

it('reads links to files and headings, and none from code or to web pages', () => {
  const markdown = '[a](b.md) and [c](#d), [e](https://e.example)\n`[f](g)`\n```ts\n[h](i)\n```\n[`j`](docs/)'
  expect(linksIn(markdown)).toEqual(['b.md', '#d', 'docs/'])
})

it('makes anchors as GitHub does', () => {
  const markdown =
    '# A `code` name, twice?\n## Same\n## Same\n```sh\n# no heading\n```\n### [Link](x) & 2.3\n'
  expect([...anchorsIn(markdown)]).toEqual(['a-code-name-twice', 'same', 'same-1', 'link--23'])
})

it('finds links to files and headings that do not exist, and links that leave the folder', () => {
  const root = join(temporaryFolder(), 'package')
  const files = {
    'README.md': '# Top\n[ok](docs/a.md#heading) [ok](#top) [ok](docs/) [gone](gone.md) [gone](#gone)',
    'docs/a.md': '## Heading\n[ok](../README.md#top) [gone](../README.md#gone) [out](../../other.md)',
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  writeFileSync(join(root, '../other.md'), '')
  expect(brokenLinks(root, Object.keys(files))).toEqual([
    'README.md: gone.md',
    'README.md: #gone',
    'docs/a.md: ../README.md#gone',
    'docs/a.md: ../../other.md',
  ])
})
