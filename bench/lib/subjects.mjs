// @ts-check
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** @typedef {import('./stub.mjs').StubReport} StubReport */
/** @typedef {StubReport & { cpuSeconds: number, peakRssMb: number }} Figures */

/**
 * Something that takes tasks: a command, and what its environment says on top of the usual.
 * @typedef {object} Subject
 * @property {string} name
 * @property {string[]} command
 * @property {Record<string, string>} [env]
 * @property {(scratch: string) => void} [prepare] writes files into its folder before it starts
 * @property {string} [secret] what the orchestrator signs tasks with, for one that wants it
 */

/** @param {string} file */
const here = (file) => fileURLToPath(new URL(file, import.meta.url))

/** @type {Subject} */
export const rawLoop = { name: 'raw loop', command: [process.execPath, here('raw-loop.mjs')] }
/** @type {Subject} */
export const worker = { name: 'worker', command: [process.execPath, here('worker.mjs')] }

const secret = 'bench-secret'
/** The worker on the second generation's wire, every message of which is signed and checked. @type {Subject} */
export const signingWorker = {
  ...worker,
  name: 'worker, signed',
  env: { ORCHESTRATOR_PROTOCOL: 'rxon', ORCHESTRATOR_SECRET_KEY: secret },
  secret,
}

/**
 * The Python SDK that this one is measured against: `pip install avtomatika-worker==1.0b2` into some environment, and
 * name its interpreter in `BENCH_PYTHON`.
 * @returns {Subject | undefined}
 */
export const pythonWorker = () => {
  const python = process.env['BENCH_PYTHON']
  return python ? pythonSdk('Python SDK', python) : undefined
}

/** A worker on the Python SDK. @param {string} name @param {string} interpreter which has the SDK @returns {Subject} */
export const pythonSdk = (name, interpreter) => ({
  name,
  command: [interpreter, here('python_worker.py')],
  // In its scratch folder.
  env: { WORKER_SKILLS_DIR: 'skills', WORKER_BLOB_CACHE_DIR: 'cache' },
})

/** @param {Subject} subject @param {string} suffix @param {Record<string, string>} env @returns {Subject} */
export const variant = (subject, suffix, env) => ({
  ...subject,
  name: `${subject.name}, ${suffix}`,
  env: { ...subject.env, ...env },
})

/** The CPU time that a process has used so far, in seconds. Linux. @param {number} pid */
export const cpuSecondsOf = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  // utime and stime, in ticks of which every Linux has 100 a second.
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** @param {number} pid */
export const peakRssMbOf = (pid) =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

/**
 * What a running stub tells.
 * @typedef {object} Stub
 * @property {string} url
 * @property {Promise<number>} firstPollAt in ms since 1970
 * @property {Promise<unknown>} warm when the tasks that only warm up are done
 * @property {Promise<StubReport>} report
 */

/**
 * @template T
 * @param {import('./stub.mjs').StubOptions} options
 * @param {(stub: Stub) => Promise<T>} use the stub ends with it
 */
export const withStub = async (options, use) => {
  const child = spawn(process.execPath, [here('stub.mjs'), JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async () => {
    const { value, done } = await lines.next()
    if (done && !child.killed) throw new Error('The stub ended before it had reported: see its error above')
    return JSON.parse(value ?? '{}')
  }
  try {
    const { url } = await line()
    const firstPoll = line()
    const warm = options.warmUp ? firstPoll.then(line) : firstPoll
    const report = warm.then(line)
    return await use({ url, firstPollAt: firstPoll.then(({ firstPollAt }) => firstPollAt), warm, report })
  } finally {
    child.kill()
  }
}

/**
 * Starts a subject against an orchestrator, calls `use`, and ends it.
 * @template T
 * @param {Subject} subject
 * @param {{ url: string, slots: number }} target
 * @param {(pid: number) => Promise<T>} use
 */
export const withSubject = async (subject, { url, slots }, use) => {
  const [program = '', ...args] = subject.command
  const scratch = mkdtempSync(join(tmpdir(), 'bench-'))
  subject.prepare?.(scratch)
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd: scratch,
    env: {
      PATH: process.env['PATH'],
      WORKER_ID: 'bench',
      WORKER_TOKEN: 'bench-token',
      WORKER_PORT: '0',
      WORKER_STATE_DIR: join(scratch, 'state'),
      TASK_FILES_DIR: join(scratch, 'files'),
      ORCHESTRATOR_URL: url,
      // What the stub speaks.
      ORCHESTRATOR_PROTOCOL: 'classic',
      MAX_CONCURRENT_TASKS: String(slots),
      LOG_LEVEL: 'warn',
      ...subject.env,
    },
  })
  const ended = once(child, 'exit')
  try {
    if (child.pid === undefined) throw new Error(`${program} does not start`)
    const early = ended.then(([code]) => Promise.reject(new Error(`${subject.name} ended early: ${code}`)))
    return await Promise.race([use(child.pid), early])
  } finally {
    child.kill('SIGKILL')
    await ended
    rmSync(scratch, { recursive: true, force: true })
  }
}

/**
 * Lets one subject do all of the stub's tasks.
 * @param {Subject} subject
 * @param {import('./stub.mjs').StubOptions & { slots: number }} scenario
 * @returns {Promise<Figures>}
 */
export const work = (subject, { slots, ...options }) =>
  withStub({ ...options, ...(subject.secret && { secret: subject.secret }) }, ({ url, report }) =>
    withSubject(subject, { url, slots }, async (pid) => {
      const told = await report
      return { ...told, cpuSeconds: cpuSecondsOf(pid), peakRssMb: peakRssMbOf(pid) }
    }),
  )

/** From the start of the process to its first poll, in ms. @param {Subject} subject */
export const start = (subject) =>
  withStub({ tasks: 0 }, ({ url, firstPollAt }) => {
    const startedAt = Date.now()
    return withSubject(subject, { url, slots: 10 }, async () => (await firstPollAt) - startedAt)
  })

/** The share of one core that a subject takes while its polls are held. @param {Subject} subject @param {number} ms */
export const idle = (subject, ms) =>
  withStub({ tasks: 0 }, ({ url, firstPollAt }) =>
    withSubject(subject, { url, slots: 10 }, async (pid) => {
      await firstPollAt
      await sleep(2_000)
      const before = cpuSecondsOf(pid)
      await sleep(ms)
      return (cpuSecondsOf(pid) - before) / (ms / 1000)
    }),
  )
