import { createHmac } from 'node:crypto'
import type { WorkerOptions } from 'avtomatika-worker'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { testWorker } from '../../support/test-worker.js'

/** A worker that speaks the second generation, and a server that answers as its test says. */
export const setup = async (
  variables: Record<string, unknown> = {},
  options: Omit<WorkerOptions, 'config' | 'logger'> = {},
) => {
  const orchestrator = await RawOrchestrator.start()
  const made = testWorker({
    ...options,
    url: orchestrator.url,
    variables: {
      ORCHESTRATOR_PROTOCOL: 'rxon',
      RESULT_MAX_RETRIES: 3,
      RESULT_RETRY_INITIAL_DELAY: 1,
      TASK_POLL_TIMEOUT: 600,
      HEARTBEAT_INTERVAL: 15,
      ...variables,
    },
  })
  made.worker.task('echo', (params) => ({ data: params }))
  return { orchestrator, ...made }
}

/** A task as it is offered, signed when there is a key; what is put behind the signature is not covered by it. */
export const task = (members: Record<string, unknown> = {}, key?: string, behind = {}) => {
  const body = {
    // In the order that the signature needs.
    job_id: 'j1',
    params: { x: 1 },
    task_id: 't1',
    timestamp: 1_795_462_114,
    tracing_context: {},
    type: 'echo',
    ...members,
  }
  const sorted = Object.fromEntries(Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1)))
  const sig = key && createHmac('sha256', key).update(JSON.stringify(sorted)).digest('hex')
  return { status: 200, body: { ...sorted, ...behind, ...(sig && { sig }) } }
}
