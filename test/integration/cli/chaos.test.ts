import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { command, moduleFile } from './command.js'

const WORKER = `import { Worker } from 'avtomatika-worker'
let count = process.pid * 1000
const worker = new Worker()
worker.task('same', async ({ x }) => ({ x }))
worker.task('counts', async () => ({ count: ++count }))
export default worker
`

test('a handler whose repeated runs have different results is named, and one with the same results is fine', async () => {
  const file = moduleFile('worker.mjs', WORKER)
  const params = join(temporaryFolder(), 'params.json')
  writeFileSync(params, '{"same": {"x": 1}}')
  const child = command(['chaos', file, '--seconds', '4', '--params', `@${params}`])
  expect(await child.ended()).toBe(8)
  expect(child.output).toMatch(/^ok +same: \d+ jobs/m)
  expect(child.output).toMatch(/^DIFFERENT counts: /m)
  expect(child.output).not.toContain('LOST')
})

test.each([
  ['{', /^The params in the argument are not JSON: /],
  ['[]', /^The params in the argument are no JSON object\./],
  ['{"same": 1}', /^The params of the task "same" are no JSON object\./],
  ['@nowhere.json', /^Cannot read the params in nowhere\.json: ENOENT\n/],
])('the params %j are refused', async (params, message) => {
  const child = command(['chaos', 'worker.mjs', '--params', params])
  expect(await child.ended()).toBe(2)
  expect(child.output).toMatch(message)
  expect(child.output).toMatch(/\nNext: npx avtomatika-worker chaos worker\.mjs --params '\{/)
})
