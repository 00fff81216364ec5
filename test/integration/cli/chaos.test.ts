import { expect, test } from 'vitest'
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
  const child = command(['chaos', file, '--seconds', '4', '--params', '{"same":{"x":1}}'])
  expect(await child.ended()).toBe(8)
  expect(child.output).toMatch(/^ok +same: \d+ jobs/m)
  expect(child.output).toMatch(/^DIFFERENT counts: /m)
  expect(child.output).not.toContain('LOST')
})
