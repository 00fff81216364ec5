import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runTask } from 'avtomatika-worker/testing'
import sharp from 'sharp'
import worker from '../src/worker.js'

const picture = 's3://pictures/green.png'
const green = { create: { width: 800, height: 400, channels: 3, background: 'green' } } as const
const store = { [picture]: await sharp(green).png().toBuffer() }

test('makes a thumbnail', async () => {
  const { outcome, files } = await runTask(worker, 'thumbnail', { picture, width: 200 }, { store })
  assert.equal(outcome.status, 'success')
  assert.deepEqual([outcome.data?.width, outcome.data?.height], [200, 100])
  const { format } = await sharp(files['thumbnail.webp']).metadata()
  assert.equal(format, 'webp')
})

test('refuses a width of 5 pixels', async () => {
  const { outcome } = await runTask(worker, 'thumbnail', { picture, width: 5 }, { store })
  assert.equal(outcome.error?.code, 'INVALID_INPUT_ERROR')
  assert.match(outcome.error.message, /width/)
})

test('gives up on bytes that are no picture', async () => {
  const broken = { [picture]: 'no picture' }
  const { outcome } = await runTask(worker, 'thumbnail', { picture }, { store: broken })
  assert.equal(outcome.error?.code, 'PERMANENT_ERROR')
})
