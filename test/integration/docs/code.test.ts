import { beforeAll, expect, test } from 'vitest'
import { blocksIn } from '../../support/docs/blocks.js'
import { compile, namesExportedBy } from '../../support/docs/compile.js'
import { allBlocks, textOf } from '../../support/docs/pages.js'
import { isCode, modulesOf } from '../../support/docs/programs.js'

let names: ReadonlySet<string>
beforeAll(() => {
  names = namesExportedBy('dist/index.d.ts')
})

test('every block of TypeScript and JavaScript compiles against the built package', () => {
  const blocks = allBlocks()
  expect(blocks.filter(isCode).length).toBeGreaterThan(20)
  expect(names).toContain('Worker')
  expect(compile(modulesOf(blocks, textOf, names))).toEqual([])
})

const fence = (language: string, ...lines: readonly string[]): string =>
  `\`\`\`${language}\n${lines.join('\n')}\n\`\`\`\n`

/** A page for each line of the table below: all of them are one program. */
const PAGES = {
  // Line 1 of a page is the fence of its first block.
  unknownOption: fence('ts', `import { Worker } from 'avtomatika-worker'`, `new Worker({ workerTyp: 'a' })`),
  wrongResult: fence('ts', `worker.task('a', () => {})`, `worker.onn('taskFinished', () => {})`),
  laterName: fence('ts', 'console.log(rate)') + fence('ts', 'const rate = 1'),
  missingImport: fence(
    'ts',
    `import { readFile } from 'node:fs/promises'`,
    'throw new PermanentError(await readFile("a", "utf8"))',
  ),
  wrongGiven: `<!-- given: declare const rate: number -->\n${fence('ts', 'const text: string = rate')}`,
  wrongJavaScript: fence('js', `worker.task('a', ({ x }, { log }) => log.wran(x))`),
  wrongReturn: fence('ts', 'if (worker.id) return transientFailure(5)', 'return permanentFailure("no")'),
  wrongMark: fence('ts', 'worker.pause() // does not compile'),
  noModule: fence('ts', `import { startOrchestrator } from 'avtomatika-worker/def'`),
}

const GOOD = [
  fence('ts', 'const rate = 1') + fence('ts', 'const rate = "a"', 'rate.toUpperCase()'),
  fence('ts', `import { readFile } from 'node:fs/promises'`) + fence('ts', 'await readFile("a")'),
  fence(
    'ts',
    `import { readFile } from 'node:fs/promises'`,
    `worker.task('a', async () => ({ text: await readFile('a', 'utf8') }))`,
  ),
  fence('ts', `throw new PermanentError('no')`),
  fence('ts', 'const rate = 1', 'export { rate }') + fence('ts', 'rate.toFixed()'),
  fence('ts', 'worker.pause(5) // does not compile'),
  `<!-- given: import { z } from 'zod' -->\n${fence('ts', `defineTask({ name: 'a', params: z.object({}), run: () => ({}) })`)}`,
  `<!-- given: declare const rate: number -->\n${fence('ts', 'rate.toFixed()')}`,
  fence('js', `worker.task('a', ({ x }, { log }) => log.warn({ x }, 'odd'))`),
  fence('js', `const { Worker } = require('avtomatika-worker')`, 'new Worker()'),
  fence(
    'ts',
    '// tasks/a.ts',
    `import { defineTask } from 'avtomatika-worker'`,
    `export default defineTask({ name: 'a', run: () => ({}) })`,
    'export const b = 1',
  ) + fence('ts', `import { b } from './tasks/a.js'`, 'b.toFixed()'),
  fence('ts', `import { worker } from './worker.js'`, 'worker.pause()'),
  `<!-- example: examples/image-worker/worker.ts -->\n${fence('ts', 'shortened')}`,
]

test('a block that does not compile is named with its place', () => {
  const pages = Object.entries(PAGES).flatMap(([name, markdown]) => blocksIn(name, markdown))
  const good = GOOD.flatMap((markdown, index) => blocksIn(`good${index}`, markdown))
  const messages = compile(modulesOf([...pages, ...good], textOf, names))
  expect([...messages].sort()).toEqual([
    expect.stringMatching(/^laterName:2 Cannot find name 'rate'/),
    expect.stringMatching(/^missingImport:3 Cannot find name 'PermanentError'/),
    expect.stringMatching(/^noModule:2 Cannot find module 'avtomatika-worker\/def'/),
    expect.stringMatching(/^unknownOption:3 .*'workerTyp' does not exist/),
    expect.stringMatching(/^wrongGiven:3 Type 'number' is not assignable to type 'string'/),
    expect.stringMatching(/^wrongJavaScript:2 Property 'wran' does not exist/),
    expect.stringMatching(/^wrongMark:2 compiles, although/),
    expect.stringMatching(/^wrongResult:3 Property 'onn' does not exist/),
    expect.stringMatching(/^wrongReturn:2 Argument of type 'number' is not assignable/),
  ])
})
