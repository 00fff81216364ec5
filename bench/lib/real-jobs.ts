/** Jobs on the real orchestrator 1.0b30 with Redis, done by one subject. */
import { setTimeout as sleep } from 'node:timers/promises'
import { findPython, pythonEnv } from '../../test/support/interop/python-env.js'
import { startRealOrchestrator } from '../../test/support/interop/real-orchestrator.js'
import { findRedisServer } from '../../test/support/interop/redis-server.js'
import { cpuSecondsOf, peakRssMbOf, type Subject, withSubject } from './subjects.mjs'

const VERSION = '1.0b30'
/** As many requests for new jobs are open at once. */
const CREATORS = 16
const LOOK_MS = 20
/** If it moves more jobs at once, their writes to the record of the only worker collide, and it repeats them. */
const JOBS_AT_ONCE = 8
/** Whoever has not finished all jobs then has lost some, or is too slow. */
const DEADLINE_MS = 120_000

/** How many of the jobs have finished. Their states are MessagePack, where \\168 begins a text of eight characters. */
const FINISHED = `
local count = 0
for _, id in ipairs(ARGV) do
  local state = redis.call('GET', 'orchestrator:job:' .. id)
  if state and string.find(state, 'status\\168finished', 1, true) then count = count + 1 end
end
return count`

export interface RealFigures {
  /** How many jobs have finished before the deadline. */
  readonly finished: number
  readonly jobsPerSecond: number
  /** From the request of the client until the handler begins. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuMsPerJob: number
  /** NaN on the stub, which does no work that compares with an orchestrator's. */
  readonly orchestratorCpuMsPerJob: number
  readonly rssMb: number
}

/** All at once, or a number of jobs a second. */
export interface Load {
  readonly jobs: number
  readonly perSecond?: number
}

/** The interpreter of an environment of the interop suite, which is built if it is not there. */
export const interpreterOf = async (name: Parameters<typeof pythonEnv>[1]): Promise<string> => {
  const python = findPython()
  if (!python) throw new Error('The bench needs python3, 3.11 or newer, with venv')
  return pythonEnv(python, name)
}

const startOrchestrator = async () => {
  const interpreter = await interpreterOf(`orchestrator-${VERSION}`)
  const redisBinary = await findRedisServer(interpreter)
  if (redisBinary === undefined) throw new Error('The bench needs redis-server')
  const published = { version: VERSION, interpreter, redisBinary }
  return startRealOrchestrator(published, { pollHoldMs: 10_000, jobsAtOnce: JOBS_AT_ONCE })
}

type Orchestrator = Awaited<ReturnType<typeof startOrchestrator>>

const create = ({ client }: Orchestrator): Promise<string> =>
  client.createJob({ type: 'bench', params: { at: Date.now() } })

const createAtOnce = async (orchestrator: Orchestrator, jobs: number): Promise<string[]> => {
  const ids: string[] = []
  let left = jobs
  const creator = async () => {
    while (left-- > 0) ids.push(await create(orchestrator))
  }
  await Promise.all(Array.from({ length: CREATORS }, creator))
  return ids
}

const createSteadily = async (
  orchestrator: Orchestrator,
  { jobs, perSecond = 1 }: Load,
): Promise<string[]> => {
  const beganMs = performance.now()
  const ids: Promise<string>[] = []
  for (let n = 0; n < jobs; n++) {
    await sleep(Math.max(0, beganMs + (n * 1_000) / perSecond - performance.now()))
    ids.push(create(orchestrator))
  }
  return Promise.all(ids)
}

/** Waits for the jobs, at most until the deadline. @returns how many have finished */
const untilFinished = async ({ redis }: Orchestrator, ids: readonly string[]): Promise<number> => {
  const deadlineMs = performance.now() + DEADLINE_MS
  for (;;) {
    const finished = Number(await redis?.command('EVAL', FINISHED, '0', ...ids))
    if (finished === ids.length || performance.now() > deadlineMs) return finished
    await sleep(LOOK_MS)
  }
}

/** Of the jobs that have finished, in order. */
const waitsOf = async ({ client }: Orchestrator, ids: readonly string[]): Promise<number[]> => {
  const waits: number[] = []
  for (const id of ids) {
    const { waitedMs } = (await client.job(id)).state_history
    if (typeof waitedMs === 'number') waits.push(waitedMs)
  }
  return waits.sort((a, b) => a - b)
}

/** Lets a subject do the jobs. It has registered before the first of them. */
export const workForReal = async (subject: Subject, slots: number, load: Load): Promise<RealFigures> => {
  const orchestrator = await startOrchestrator()
  const env = {
    ...subject.env,
    WORKER_TOKEN: orchestrator.workerToken,
    ORCHESTRATOR_PROTOCOL: 'rxon',
    ORCHESTRATOR_SECRET_KEY: orchestrator.secretKey,
  }
  try {
    return await withSubject({ ...subject, env }, { url: orchestrator.url, slots }, async (pid) => {
      const { client } = orchestrator
      await client.waitForWorker('bench', (record) => record?.status === 'idle', { deadlineMs: 20_000 })
      const cpuBefore = cpuSecondsOf(pid)
      const orchestratorBefore = cpuSecondsOf(orchestrator.pid)
      const beganMs = performance.now()
      const ids =
        load.perSecond === undefined
          ? createAtOnce(orchestrator, load.jobs)
          : createSteadily(orchestrator, load)
      const finished = await untilFinished(orchestrator, await ids)
      const seconds = (performance.now() - beganMs) / 1_000
      const cpuSeconds = cpuSecondsOf(pid) - cpuBefore
      const orchestratorSeconds = cpuSecondsOf(orchestrator.pid) - orchestratorBefore
      const waits = await waitsOf(orchestrator, await ids)
      const at = (share: number) => waits[Math.floor(share * (waits.length - 1))] ?? Number.NaN
      return {
        finished,
        jobsPerSecond: finished / seconds,
        p50Ms: at(0.5),
        p99Ms: at(0.99),
        cpuMsPerJob: (1_000 * cpuSeconds) / finished,
        orchestratorCpuMsPerJob: (1_000 * orchestratorSeconds) / finished,
        rssMb: peakRssMbOf(pid),
      }
    })
  } finally {
    await orchestrator.stop()
  }
}
