import { expect, test } from 'vitest'
import { fakeSmi } from '../support/fake-smi.js'
import { mayNotSkip } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import { startProduction, waitForWorker } from '../support/interop/production-orchestrator.js'
import { prepare, startResizer } from '../support/interop/production-setup.js'

test('§2.4.11 the orchestrator shows how much of the machine is in use', async () => {
  const prepared = await prepare()
  if (typeof prepared === 'string') return expect(mayNotSkip()).toBe(false)
  fakeSmi('echo "0, 37, 10240"')
  const orchestrator = await startProduction(prepared)
  await startResizer({ ORCHESTRATOR_URL: orchestrator.url, HEARTBEAT_INTERVAL: 0.1 })
  await waitForWorker(orchestrator, 'resizer')
  const shown = async () => {
    const { answer } = await orchestrator.ask('GET', '/api/v1/workers')
    const [worker] = JSON.parse(answer) as { usage?: { devices_usage?: object[] } }[]
    return worker?.usage?.devices_usage?.length ? worker.usage : undefined
  }
  expect(await eventually('the GPU is shown', shown)).toEqual({
    cpu_load_percent: expect.any(Number),
    ram_used_gb: expect.any(Number),
    devices_usage: [{ unit_id: '0', load_percent: 37, metrics: { memory_used_gb: 10 } }],
  })
})
