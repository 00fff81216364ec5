import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { expect, it, onTestFinished } from 'vitest'
import { Child } from '../../support/interop/child-process.js'

const MAIN = fileURLToPath(new URL('../../../examples/demo/main.ts', import.meta.url))
const TSX = import.meta.resolve('tsx')

const PICTURES = {
  'badge.png': { format: 'png', width: 320, height: 320, hasAlpha: true },
  'evening.webp': { format: 'webp', width: 320, height: 320, hasAlpha: false },
  'meadow.jpg': { format: 'jpeg', width: 320, height: 200, hasAlpha: false },
  'tree-rotated.jpg': { format: 'jpeg', width: 240, height: 320, hasAlpha: false },
}

const startDemo = () => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const child = new Child(process.execPath, ['--import', TSX, MAIN], { cwd: folder, env: process.env })
  onTestFinished(() => child.end())
  return { child, output: join(folder, 'demo-output') }
}

it('the demo resizes its pictures, shows the corrupt one for what it is, and ends well', async () => {
  const { child, output } = startDemo()
  expect(await child.ended()).toBe(0)
  const { output: text } = child
  expect(text).toMatch(
    /^badge\.png {2,}800 × 800, \d+\.\d kB {2,}320 × 320, \d+\.\d kB {2,}success {2,}\d+$/m,
  )
  expect(text).toMatch(/^tree-rotated\.jpg {2,}900 × 1200, .* 240 × 320, .* success {2,}\d+$/m)
  expect(text).toMatch(/^corrupt\.jpg {2,}\d+\.\d kB {2,}– {2,}PERMANENT_ERROR {2,}\d+$/m)
  expect(text).toMatch(/^[1-5]\/5 corrupt\.jpg PERMANENT_ERROR$/m)
  expect(text).toContain('4 of 5 pictures are resized, in demo-output/')
  expect(text).not.toContain('\u001b')
  expect(readdirSync(output).sort()).toEqual(Object.keys(PICTURES))
  for (const [file, expected] of Object.entries(PICTURES)) {
    expect(await sharp(join(output, file)).metadata()).toMatchObject(expected)
  }
  // Upright: the sky of the tree's picture is at the top, the grass at the bottom.
  const { data, info } = await sharp(join(output, 'tree-rotated.jpg'))
    .raw()
    .toBuffer({ resolveWithObject: true })
  const pixel = (y: number) => [...data.subarray(y * info.width * 3, y * info.width * 3 + 3)]
  expect(pixel(2)[2]).toBeGreaterThan(220)
  expect(pixel(317)[2]).toBeLessThan(180)
}, 60_000)
