import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../support/files/temporary-folder.js'
import { Child } from '../support/interop/child-process.js'
import { SERVERS } from '../support/s3/servers.js'

const MAIN = fileURLToPath(new URL('../../examples/demo/main.ts', import.meta.url))

it('the demo sends its pictures through a real store, and ends well', async ({ skip }) => {
  const found = await SERVERS['moto']?.()
  skip(!found || 'missing' in found, 'moto cannot be started: it needs python3 with venv')
  const args = ['--import', import.meta.resolve('tsx'), MAIN, '--s3']
  const child = new Child(process.execPath, args, { cwd: await temporaryFolder(), env: process.env })
  onTestFinished(() => child.end())
  expect(await child.ended(), child.output).toBe(0)
  const lines = child.output.split('\n').filter((line) => line.startsWith('s3://my-bucket/'))
  const resized =
    /^s3:\/\/my-bucket\/.* \(\d+ bytes\) → s3:\/\/my-bucket\/[^/]+\/processed\.png \(\d+ bytes\)$/
  expect(lines.filter((line) => resized.test(line))).toHaveLength(4)
  expect(lines.find((line) => line.startsWith('s3://my-bucket/corrupt.jpg: '))).toBeDefined()
})
