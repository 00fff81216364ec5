// @ts-check
/**
 * The most that JavaScript can do on this wire: as many polls at once as there are slots, each result posted without
 * waiting for its answer, and nothing of what makes a worker a worker. What the package is measured against.
 */
import { Pool } from 'undici'

const slots = Number(process.env['MAX_CONCURRENT_TASKS'])
const workerId = process.env['WORKER_ID']
const pool = new Pool(process.env['ORCHESTRATOR_URL'] ?? '', {
  connections: 2 * slots,
  pipelining: 1,
  keepAliveTimeout: 60_000,
})
const headers = { 'x-worker-token': process.env['WORKER_TOKEN'] ?? '', 'content-type': 'application/json' }

/**
 * @param {'GET' | 'POST'} method
 * @param {string} path
 * @param {string} [body]
 * @returns {Promise<string>}
 */
const call = (method, path, body) =>
  new Promise((resolve, reject) => {
    /** @type {Buffer[]} */
    const chunks = []
    pool.dispatch(
      { method, path: `/_worker${path}`, headers, body: body ?? null },
      {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData: (_controller, chunk) => void chunks.push(chunk),
        onResponseEnd: () => resolve(Buffer.concat(chunks).toString()),
        onResponseError: (_controller, error) => reject(error),
      },
    )
  })

const loop = async () => {
  for (;;) {
    const { job_id, task_id } = JSON.parse(await call('GET', `/workers/${workerId}/tasks/next`))
    const result = { status: 'success', data: { n: 1 } }
    void call('POST', '/tasks/result', JSON.stringify({ job_id, task_id, worker_id: workerId, result })).then(
      JSON.parse,
    )
  }
}

await call('POST', '/workers/register', JSON.stringify({ worker_id: workerId, supported_tasks: ['bench'] }))
for (let n = 0; n < slots; n++) void loop().catch(() => {})
