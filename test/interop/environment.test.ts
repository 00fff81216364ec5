import { expect, test } from 'vitest'
import { checkEnvironment, mayNotSkip } from '../support/interop/each-orchestrator.js'

test('this machine can run the real orchestrator, in memory and on Redis', async ({ skip }) => {
  const missing = await checkEnvironment()
  if (missing !== undefined) console.warn(`interop: not all of the suite runs here: ${missing}`)
  skip(missing !== undefined && !mayNotSkip(), missing)
  expect(missing).toBeUndefined()
})
