import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { FaultName, FaultOptions } from '../../dev/faults/fault.js'
import { startOrchestrator, type TestOrchestrator } from '../../testing/orchestrator.js'
import type { WorkerProcess } from '../../testing/worker-process.js'
import { isObject, jsonText } from '../../utils/json.js'
import { monotonicMs, sleep, within } from '../../utils/time.js'
import { EXIT } from '../exit-codes.js'
import { NAME, UsageError } from '../fail.js'
import { readParams } from '../params.js'
import { type HandlerReport, linesOf, readNotes, reportsOf } from './report.js'

type ParamsByTask = Readonly<Record<string, object>>

/** How many jobs are open at once. */
const MAX_OPEN = 20
/** Each fault goes on for so long, in ms. */
const FAULT_MS = 1_000
/** The worker is killed after so many faults. */
const KILL_EVERY = 2
/** How long the open jobs may take in the end, in ms. */
const SETTLE_MS = 60_000
const JOB_EVERY_MS = 50
/** How long the worker works without a fault before each kill, in ms. */
const CALM_MS = 1_500
/** How long the end of a handler is waited for after the last fault, in ms. Tasks may have been lost for 30 s. */
const LAST_WAIT_MS = 45_000
const WORKER_ID = 'chaos-worker'

const FAULTS: readonly [FaultName, FaultOptions][] = [
  ['lost-acknowledgement', {}],
  ['duplicate-offer', {}],
  ['cut', {}],
  ['500', {}],
  ['reset-mid-body', {}],
  ['429', { retryAfterSeconds: 1 }],
  ['bad-json', { routes: ['heartbeat', 'result', 'event'] }],
  ['forgotten-worker', {}],
  ['elsewhere', {}],
  ['socket-drop', {}],
  ['delay', { delayMs: 500 }],
  ['401', {}],
  ['half-open', { times: 1 }],
  ['slow-drip', { routes: ['result'], delayMs: 100 }],
  ['clock-skew', {}],
]

const WATCH = fileURLToPath(new URL(`./watch${extname(import.meta.url)}`, import.meta.url))

/**
 * Runs the worker of a file under faults, and prints which handlers ran twice with different results.
 *
 * @param seconds - the duration of the faults
 * @param given - the params of each task: JSON, or a file of it after `@`
 */
export const runChaos = async (file: string, seconds: number, given: string, json = false): Promise<void> => {
  const params = paramsByTask(given, file)
  const folder = mkdtempSync(join(tmpdir(), 'avtomatika-chaos-'))
  const orchestrator = await startOrchestrator({
    expects: () => true,
    maxRetries: 1_000,
    taskTimeoutMs: 30_000,
  })
  try {
    const left = await new Ordeal(orchestrator, file, folder, params).run(seconds, json)
    report(readFileSync(join(folder, 'notes'), 'utf8'), left, json)
  } finally {
    await orchestrator.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @throws UsageError if the text is not an object with an object for each task */
const paramsByTask = (given: string, file: string): ParamsByTask => {
  const next = `${NAME} chaos ${file} --params '{"resize": {"width": 320}}'`
  const params = readParams(given, next)
  const wrong = Object.keys(params).find((name) => !isObject(params[name]))
  if (wrong === undefined) return params as ParamsByTask
  throw new UsageError(`The params of the task "${wrong}" are no JSON object.`, { next })
}

const report = (notes: string, left: number, json: boolean): void => {
  const handlers = reportsOf(readNotes(notes))
  if (handlers.length === 0)
    throw new UsageError('No handler ran: give params that its tasks accept, with --params')
  if (json) console.log(jsonText({ handlers, lost: left }))
  else printLines(handlers, left)
  if (left > 0 || handlers.some(({ different }) => different > 0)) process.exitCode = EXIT.fault
}

const printLines = (handlers: readonly HandlerReport[], left: number): void => {
  for (const each of handlers) for (const line of linesOf(each)) console.log(line)
  if (left > 0)
    console.log(`LOST      ${left} jobs did not end within ${SETTLE_MS / 1_000} s after the last fault`)
  console.log('A handler that was killed in mid-run is run again: its effects have to be idempotent.')
}

/** The faults, the kills and the jobs of one run of the command. */
class Ordeal {
  readonly #orchestrator: TestOrchestrator
  readonly #file: string
  readonly #folder: string
  readonly #params: ParamsByTask
  #worker: WorkerProcess | undefined
  #names: readonly string[] = []
  /** The tasks after whose handlers the worker was killed. */
  readonly #struck = new Set<string>()
  #kills = 0
  #isOver = false

  constructor(orchestrator: TestOrchestrator, file: string, folder: string, params: ParamsByTask) {
    this.#orchestrator = orchestrator
    this.#file = file
    this.#folder = folder
    this.#params = params
    writeFileSync(join(folder, 'notes'), '')
  }

  /**
   * @param seconds - the duration of the faults
   * @param isQuiet - whether nothing is printed
   * @returns how many jobs did not end
   */
  async run(seconds: number, isQuiet: boolean): Promise<number> {
    await this.#start()
    const [worker] = this.#orchestrator.workers()
    const names = worker?.taskNames ?? []
    this.#names = names
    if (!isQuiet) console.log(`Faults and kill -9 for ${seconds} s; tasks: ${names.join(', ')}`)
    const jobs = this.#createJobs(names)
    await this.#breakThings(seconds)
    this.#isOver = true
    await jobs
    return this.#settle()
  }

  async #breakThings(seconds: number): Promise<void> {
    const endMs = monotonicMs() + seconds * 1_000
    for (let n = 0; monotonicMs() < endMs; n++) {
      const [name, more] = FAULTS[n % FAULTS.length] as (typeof FAULTS)[number]
      this.#orchestrator.faults.start(name, { ...more, forMs: FAULT_MS })
      await sleep(FAULT_MS)
      if (n % KILL_EVERY === KILL_EVERY - 1) await this.#killInTurn()
    }
    this.#orchestrator.faults.stop()
    for (const name of this.#names) if (!this.#struck.has(name)) await this.#killAfter(name, LAST_WAIT_MS)
  }

  /** Kills the worker in turn right after a handler has ended, and while handlers run. */
  async #killInTurn(): Promise<void> {
    const turn = this.#kills++
    const names = this.#names
    const name = names.find((each) => !this.#struck.has(each)) ?? names[(turn / 2) % names.length]
    if (turn % 2 === 0 && name !== undefined) return this.#killAfter(name, CALM_MS)
    await sleep(CALM_MS)
    await this.#replace()
  }

  /** Kills the worker right after a handler has ended: nobody knows of its result then. @param waitMs for such a moment */
  async #killAfter(name: string, waitMs: number): Promise<void> {
    const request = join(this.#folder, 'notes.kill')
    writeFileSync(request, name)
    if (this.#worker && (await within(waitMs, this.#worker.ended))) this.#struck.add(name)
    rmSync(request, { force: true })
    await this.#replace()
  }

  async #replace(): Promise<void> {
    await this.#orchestrator.killWorker()
    await this.#start()
  }

  async #start(): Promise<void> {
    const env = {
      WORKER_ID,
      WORKER_STATE_DIR: join(this.#folder, 'state'),
      WORKER_POLL_FENCE: 'true',
      AVTOMATIKA_CHAOS_NOTES: join(this.#folder, 'notes'),
      LOG_LEVEL: 'silent',
      HEARTBEAT_INTERVAL: '1',
      TASK_POLL_ERROR_DELAY: '0.2',
      RESULT_RETRY_INITIAL_DELAY: '0.2',
    }
    const execArgv = [...process.execArgv, '--import', pathToFileURL(WATCH).href]
    this.#worker = await this.#orchestrator.startWorker(this.#file, { env, execArgv })
  }

  async #createJobs(names: readonly string[]): Promise<void> {
    for (let n = 0; !this.#isOver && names.length > 0; n++) {
      const task = names[n % names.length] as string
      if (this.#open < MAX_OPEN)
        await this.#orchestrator.createJob({ task, params: (this.#params[task] ?? {}) as object })
      await sleep(JOB_EVERY_MS)
    }
  }

  get #open(): number {
    return this.#orchestrator.jobs().filter(({ status, state }) => isOpen(status, state)).length
  }

  async #settle(): Promise<number> {
    const endMs = monotonicMs() + SETTLE_MS
    while (this.#open > 0 && monotonicMs() < endMs) await sleep(JOB_EVERY_MS)
    return this.#open
  }
}

const isOpen = (status: string, state: string): boolean =>
  status === 'pending' || status === 'waiting_for_worker' || (status === 'running' && state === 'start')
