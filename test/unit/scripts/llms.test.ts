import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { llmsText, titleAndSentence } from '../../../scripts/llms.mjs'
import { brokenLinks } from '../../../scripts/pack/links.mjs'
import { ROOT, repositoryFiles, textOf } from '../../support/docs/pages.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

it.each([
  ['# Title\n\nFirst of v1.2. Second.', 'First of v1.2.'],
  [
    '# Title\n\n<!-- made -->\n- a list\n\n```sh\ncode. Here.\n```\n\nThe [first](a.md) **one**\nsentence.',
    'The first one sentence.',
  ],
  ['# Title\n\nThis is how:\n\n| a |\n|---|', 'This is how.'],
  ['# Title\n\n## Only a heading', ''],
])('%j begins with %j', (markdown, sentence) => {
  expect(titleAndSentence(markdown)).toEqual({ title: 'Title', sentence })
})

it('lists the pages of each folder, and the first page of a folder inside', () => {
  const root = temporaryFolder()
  const files = {
    'package.json': '{ "name": "a", "description": "Does it." }',
    'docs/how-to/b.md': '# B\n\nBuild.',
    'docs/how-to/README.md': '# Index\n\nPages.',
    'docs/reference/all/README.md': '# All\n\nNames.',
    'docs/reference/all/one.md': '# One\n\nName.',
    'CHANGELOG.md': '# Changes',
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  expect(
    llmsText(root)
      .split('\n')
      .filter((line) => /^[#>-]/.test(line)),
  ).toEqual([
    '# a',
    '> Does it.',
    '## How-to',
    '- [B](docs/how-to/b.md): Build.',
    '## Reference',
    '- [All](docs/reference/all/README.md): Names.',
    '## Optional',
    '- [Changes](CHANGELOG.md)',
  ])
  writeFileSync(join(root, 'docs/how-to/b.md'), 'No title.')
  expect(() => llmsText(root)).toThrow('docs/how-to/b.md has no title')
})

it('has every page that is no decision, and no dead link', () => {
  const text = textOf('llms.txt')
  const pages = repositoryFiles().filter(
    (path) => /^docs\/[\w-]+\/[\w-]+\.md$/.test(path) && !path.startsWith('docs/api/'),
  )
  expect(pages.length).toBeGreaterThan(15)
  expect(pages.filter((path) => !path.endsWith('/README.md') && !text.includes(`](${path})`))).toEqual([])
  expect(brokenLinks(ROOT, ['llms.txt'])).toEqual([])
})
