import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { Child } from '../support/interop/child-process.js'
import { checkEnvironment, mayNotSkip } from '../support/interop/each-orchestrator.js'

const MAIN = fileURLToPath(new URL('../../examples/demo/main.ts', import.meta.url))

const startDemo = (env: NodeJS.ProcessEnv) => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const args = ['--import', import.meta.resolve('tsx'), MAIN, '--real']
  const child = new Child(process.execPath, args, { cwd: folder, env })
  onTestFinished(() => child.end())
  return { child, output: join(folder, 'demo-output') }
}

test('the demo does the same at the real orchestrator 1.0b30 on Redis', async ({ skip }) => {
  const missing = await checkEnvironment()
  skip(missing !== undefined && !mayNotSkip(), missing)
  const { child, output } = startDemo(process.env)
  expect(await child.ended(), child.output).toBe(0)
  expect(child.output).toContain('1.0b30 on Redis')
  expect(child.output).toMatch(/^tree-rotated\.jpg {2,}900 × 1200, .* 240 × 320, .* success {2,}\d+$/m)
  expect(child.output).toMatch(/^corrupt\.jpg {2,}\d+\.\d kB {2,}– {2,}PERMANENT_ERROR {2,}\d+$/m)
  expect(child.output).toContain('4 of 5 pictures are resized, in demo-output/')
  expect(readdirSync(output).sort()).toEqual(['badge.png', 'evening.webp', 'meadow.jpg', 'tree-rotated.jpg'])
})

test('without Python it says what is missing', async () => {
  const { child } = startDemo({ ...process.env, PATH: '/nowhere' })
  expect(await child.ended()).toBe(1)
  expect(child.output).toContain('The real orchestrator needs python3, 3.11 or newer, with venv')
})
