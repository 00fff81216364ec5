import { request } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { startPublished } from '../support/interop/each-orchestrator.js'

// Between the first generation and 1.0b30; what they say of themselves is all that a worker can go by.
test.each([
  ['1.0b11', undefined],
  ['1.0b27', '1.0b14'],
])('%s starts, and names its wire %s', async (version, wire) => {
  const orchestrator = await startPublished(version, {})
  onTestFinished(() => orchestrator.stop())
  const { headers, body } = await request(`${orchestrator.url}/_public/status`)
  expect(await body.json()).toEqual({ status: 'ok' })
  expect(headers['x-rxon-version']).toBe(wire)
})
