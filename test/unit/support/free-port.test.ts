import { expect, it } from 'vitest'
import { freePort } from '../../support/interop/free-port.js'

// Without claims, some of 400 random ports would be the same.
it('gives no port away twice, although nobody listens on it yet', async () => {
  const ports: number[] = []
  for (let n = 0; n < 400; n++) ports.push(await freePort())
  expect(new Set(ports).size).toBe(400)
})
