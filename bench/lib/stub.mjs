// @ts-check
/**
 * An orchestrator that does nothing but keep a worker busy: every task is ready from the start, and what comes back is
 * counted. On bare sockets, as node:http would be the slowest part of the bench. Run it with the options as JSON in
 * `argv[2]`; it prints its address, the moment of the first poll and its report, each a line of JSON.
 */
import { createHmac } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * @typedef {object} StubOptions
 * @property {number} tasks how many to hand out; with 0 every poll is held, and no report comes
 * @property {number} [delayMs] added to each answer, as a network would
 * @property {string} [secret] signs each task with it, as the second generation does
 * @property {number} [warmUp] how many of the tasks only warm the worker up; a line tells when their results are there
 * @property {number} [payloadBytes] the size of the params of each task
 * @property {number} [left] how many results of earlier tasks, with ids that begin with "old", have to come, too
 */

/**
 * @typedef {object} StubReport
 * @property {number} tasksPerSecond from the first poll to the last result
 * @property {number} delivered
 * @property {number} duplicates results of a task that had one
 * @property {number} unknown results of a task that was never handed out
 * @property {number} failures results that say that their task failed
 * @property {number} polls
 * @property {number} heartbeats
 * @property {number} maxInFlight tasks handed out and not yet answered for, at most
 * @property {number} p50Ms from offer to result
 * @property {number} p99Ms
 */

const STATUS = { 200: 'OK', 204: 'No Content', 404: 'Not Found' }

/** @type {StubOptions} */
const {
  tasks,
  delayMs = 0,
  secret,
  warmUp = 0,
  payloadBytes = 1,
  left = 0,
} = JSON.parse(process.argv[2] ?? '{"tasks":20000}')
const blob = 'x'.repeat(payloadBytes)

/** @param {string} id */
const classicOffer = (id) =>
  `{"job_id":"j${id}","task_id":"${id}","type":"bench","params":{"blob":"${blob}"},"tracing_context":{}}`

/** Written as it is signed: by key, without spaces. The Python SDK signs no depth of 0. @param {string} id @param {string} key */
const signedOffer = (id, key) => {
  const said =
    `{"job_id":"j${id}","params":{"blob":"x"},"priority":0,"step":1,"task_id":"${id}",` +
    `"timestamp":${Math.floor(Date.now() / 1000)},"tracing_context":{},"type":"bench"}`
  return `${said.slice(0, -1)},"sig":"${createHmac('sha256', key).update(said).digest('hex')}"}`
}

/** Signed beforehand: it is the worker that is measured. Large ones would not fit into memory. */
const offers =
  payloadBytes > 1
    ? []
    : Array.from({ length: tasks }, (_, n) =>
        secret === undefined ? classicOffer(`t${n}`) : signedOffer(`t${n}`, secret),
      )

/** When each task was handed out; NaN once its result is there. @type {Map<string, number>} */
const offered = new Map()
/** @type {number[]} */
const latencies = []
const counts = { duplicates: 0, unknown: 0, failures: 0, polls: 0, heartbeats: 0, maxInFlight: 0 }
let leftToCome = left
let next = 0
let firstAt = 0

/** @typedef {(status: keyof typeof STATUS, body?: string) => void} Answer */

/** @param {Answer} answer */
const poll = (answer) => {
  counts.polls++
  if (firstAt === 0) {
    firstAt = performance.now()
    process.stdout.write(`${JSON.stringify({ firstPollAt: performance.timeOrigin + firstAt })}\n`)
  }
  // A poll that finds nothing is held until the bench is over.
  if (next === tasks) return
  const id = `t${next++}`
  offered.set(id, performance.now())
  counts.maxInFlight = Math.max(counts.maxInFlight, offered.size - latencies.length)
  answer(200, offers[Number(id.slice(1))] ?? classicOffer(id))
}

/** @param {Answer} answer @param {string} body */
const result = (answer, body) => {
  // The first generation puts the outcome into a member of its own.
  const { task_id: id, result, status = result?.status } = JSON.parse(body)
  if (status === 'failure') counts.failures++
  const at = offered.get(id)
  if (id.startsWith('old') && leftToCome > 0) leftToCome--
  else if (at === undefined) counts.unknown++
  else if (Number.isNaN(at)) counts.duplicates++
  else {
    offered.set(id, Number.NaN)
    latencies.push(performance.now() - at)
    if (latencies.length === warmUp) {
      firstAt = performance.now()
      process.stdout.write(`${JSON.stringify({ warm: true })}\n`)
    }
  }
  answer(200, '{"status":"result_accepted_success"}')
  if (latencies.length === tasks && leftToCome === 0) finish()
}

const finish = () => {
  const seconds = (performance.now() - firstAt) / 1000
  // A second delivery of the last result would come in this time.
  setTimeout(() => {
    const sorted = latencies.toSorted((a, b) => a - b)
    const at = (/** @type {number} */ share) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
    /** @type {StubReport} */
    const report = {
      tasksPerSecond: (tasks - warmUp) / seconds,
      delivered: latencies.length,
      ...counts,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
    }
    process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0))
  }, 200)
}

/** @param {string} head @param {string} body @param {Answer} answer */
const serve = (head, body, answer) => {
  if (head.startsWith('GET') && head.includes('/tasks/next')) poll(answer)
  else if (head.includes('/tasks/result')) result(answer, body)
  else if (head.includes('/register')) answer(200, '{"status":"registered"}')
  else if (head.startsWith('PATCH')) {
    counts.heartbeats++
    answer(200, '{"status":"ok"}')
  } else if (head.includes('/_public/status')) answer(200, '{"status":"ok"}')
  else answer(404, '{"error":"Not found"}')
}

const server = createServer({ noDelay: true }, (socket) => {
  let rest = ''
  /** The length of a request whose head has come. Text that grows is expensive to look at. */
  let needed = 0
  /** @type {Answer} */
  const write = (status, body = '') => {
    const length = Buffer.byteLength(body)
    socket.write(
      `HTTP/1.1 ${status} ${STATUS[status]}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`,
    )
  }
  /** @type {Answer} */
  const answer = (status, body) =>
    delayMs > 0 ? void setTimeout(write, delayMs, status, body) : write(status, body)
  socket.on('error', () => socket.destroy())
  socket.setEncoding('latin1').on('data', (text) => {
    rest += text
    while (rest.length >= needed) {
      needed = 0
      const end = rest.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = rest.slice(0, end)
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      if (rest.length < end + 4 + length) {
        needed = end + 4 + length
        return
      }
      const body = rest.slice(end + 4, end + 4 + length)
      rest = rest.slice(end + 4 + length)
      serve(head, body, answer)
    }
  })
})

server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`)
})
