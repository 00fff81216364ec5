import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { printEvents } from '../../../src/cli/dev/output.js'
import { rawWorker, start } from '../dev/raw.js'

/** The lines that are printed. */
const printed: string[] = []

beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line))
})

afterEach(() => {
  vi.restoreAllMocks()
  printed.length = 0
})

const startPrinting = async () => {
  const orchestrator = await start()
  printEvents(orchestrator, false)
  return orchestrator
}

it.each([
  [{ status: 'success', data: {} }, 'done'],
  [{ status: 'approved', data: {} }, 'failed: Worker returned unhandled status: approved'],
  [{ status: 'cancelled' }, 'cancelled_state'],
  [
    { status: 'failure', error: { code: 'PERMANENT_ERROR', message: 'no' } },
    'quarantined: Task failed with permanent error: no',
  ],
])('prints how a job ends, and nothing before: %j', async (result, end) => {
  const orchestrator = await startPrinting()
  const worker = rawWorker(orchestrator)
  await worker.register()
  const { id } = await orchestrator.createJob({ task: 'echo' })
  const { body: offer } = await worker.poll()
  await worker.result(offer, result)
  expect(printed).toEqual(['worker w1 (classic) offers echo', `job ${id} (echo): ${end}`])
})
