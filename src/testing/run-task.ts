import { randomUUID } from 'node:crypto'
import { mkdtempSync, realpathSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import type { TasksOf } from '../client/types.js'
import { DevClock } from '../dev/clock.js'
import { AvtomatikaError, TaskCancelledError, TaskTimeoutError } from '../errors.js'
import type { TaskOffer } from '../protocol/messages.js'
import type { ObjectStore } from '../storage/object-store.js'
import { type DefinedTask, isDefinedTask } from '../tasks/define-task.js'
import { TaskRegistry } from '../tasks/definition.js'
import { TaskDirectories } from '../tasks/files/task-directories.js'
import type { TaskDirectory } from '../tasks/files/task-directory.js'
import { taskStorage } from '../tasks/files/task-storage.js'
import { insideOf, type WorkerInside } from '../tasks/inside.js'
import { MiddlewareChain } from '../tasks/middleware.js'
import { definitionFrom } from '../tasks/register.js'
import { runTask as runStages } from '../tasks/run-task.js'
import { TaskSignal } from '../tasks/task-signal.js'
import type { HasTasks, TaskTypes } from '../tasks/task-types.js'
import { isObject, type JsonObject } from '../utils/json.js'
import type { Logger } from '../utils/logger.js'
import { Wake } from '../utils/wake.js'
import { Collected } from './collected.js'
import { type Content, MemoryStore } from './memory-store.js'
import { outcomeOf, type TaskRun, throughJson } from './task-run.js'

/** The options of {@link runTask}. */
export interface RunTaskOptions {
  /** The files in the directory of the task at its start, by their path in the directory. Default: none. */
  readonly files?: Readonly<Record<string, Content>>
  /**
   * The object store for `s3://` values: objects by URI, a {@link MemoryStore}, or any other store. Default: no store, as in a
   * worker without S3.
   */
  readonly store?: Readonly<Record<string, Content>> | ObjectStore
  /** Cancels the task when it aborts, like a cancellation by the orchestrator. Default: none. */
  readonly signal?: AbortSignal
  /** How long the task may take, in ms of {@link clock}. Default: no deadline. */
  readonly deadlineMs?: number
  /** The clock of the deadline. Move it with `clock.advance(ms)`. Default: the clock of the machine. */
  readonly clock?: DevClock
  /** The priority of the task. Default: 0. */
  readonly priority?: number
  /** The metadata of the job. Default: none. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** The id of the task. Default: a random id. */
  readonly taskId?: string
  /** The id of the job. Default: a random id. */
  readonly jobId?: string
  /** Receives the log lines of the handler, besides {@link TaskRun.log}. Default: none. */
  readonly logger?: Logger
}

/** What {@link runTask} finds on its way. */
interface Setup {
  readonly inside: WorkerInside
  readonly name: string
  readonly params: unknown
  readonly options: RunTaskOptions
}

/**
 * Runs one task of a worker without a network. It validates the params, runs the middleware and the handler, and checks the result.
 * Params and data are converted to JSON and back, as on the network. An error of the handler does not reject: it is in `outcome`.
 *
 * @param worker - the worker. It is not started
 * @param name - the name of one of its tasks
 * @param params - the params of the task
 * @throws AvtomatikaError `TEST_TASK` if there is no such task
 * @throws TypeError if JSON cannot represent the params
 * @example
 * const { outcome, progress } = await runTask(worker, 'resize', { width: 320 }, { files: { 'in.jpg': bytes } })
 * expect(outcome).toMatchObject({ status: 'success', data: { height: 240 } })
 */
export function runTask<Source extends object, Name extends keyof TasksOf<Source> & string>(
  worker: Source,
  name: Name,
  params: TasksOf<Source>[Name]['params'],
  options?: RunTaskOptions,
): Promise<TaskRun<TasksOf<Source>[Name]['result']>>
/**
 * Runs one task of `defineTask` without a worker and without a network.
 *
 * @param task - the task
 * @param params - the params of the task
 * @throws TypeError if JSON cannot represent the params
 * @example
 * const { outcome } = await runTask(resize, { width: 320 })
 */
export function runTask<Task extends HasTasks<Readonly<Record<string, TaskTypes>>>>(
  task: Task,
  params: TasksOf<Task>[keyof TasksOf<Task>]['params'],
  options?: RunTaskOptions,
): Promise<TaskRun<TasksOf<Task>[keyof TasksOf<Task>]['result']>>
export async function runTask(source: object, ...rest: readonly unknown[]): Promise<TaskRun> {
  const setup = setupFrom(source, rest)
  const kit = new TaskKit(setup)
  try {
    return await kit.run()
  } finally {
    await kit.cleanUp()
  }
}

const setupFrom = (source: object, rest: readonly unknown[]): Setup => {
  if (isDefinedTask(source)) {
    const [params, options = {}] = rest as [unknown, RunTaskOptions?]
    const { name, options: described, run } = source as DefinedTask<never>
    const registry = new TaskRegistry()
    registry.add(definitionFrom(name, [described, run]))
    return { inside: { registry, middleware: new MiddlewareChain() }, name, params, options }
  }
  const inside = isObject(source) ? insideOf(source) : undefined
  if (!inside) throw notRun('it takes a worker or a task of defineTask, both of this copy of the package')
  const [name, params, options = {}] = rest as [unknown, unknown, RunTaskOptions?]
  const known = inside.registry.all().map((task) => task.name)
  if (typeof name !== 'string' || !known.includes(name))
    throw notRun(`the worker has no task "${String(name)}", only ${known.join(', ') || 'none'}`)
  return { inside, name, params, options }
}

const notRun = (why: string): AvtomatikaError => new AvtomatikaError('TEST_TASK', `Task not run: ${why}`)

const MAX_TRANSFERS = 4

/** The run removes its folder itself, because it reads the files first. */
const DIRECTORY_SETTINGS = {
  workerId: 'test',
  taskFilesDirIsDefault: false,
  taskFilesMaxBytes: undefined,
  keepTaskFiles: 'always',
  isInPod: false,
} as const

/** One run: what surrounds the task, and what it leaves behind. */
class TaskKit {
  readonly #setup: Setup
  readonly #folder = realpathSync(mkdtempSync(join(tmpdir(), 'avtomatika-test-')))
  readonly #collected: Collected
  readonly #directories: TaskDirectories
  readonly #signal = new TaskSignal()

  constructor(setup: Setup) {
    this.#setup = setup
    this.#collected = new Collected(setup.options.logger)
    const settings = { ...DIRECTORY_SETTINGS, taskFilesDir: this.#folder }
    this.#directories = new TaskDirectories(settings, this.#collected.logger, new Wake())
  }

  async run(): Promise<TaskRun> {
    const { inside, options } = this.#setup
    const offer = this.#offer()
    const directory = this.#directories.open(offer.taskId)
    await fill(directory, options.files ?? {})
    const storage = taskStorage(storeFrom(options.store), SETTINGS)
    const stop = this.#watch()
    try {
      const outcome = await runStages(offer, this.#signal, {
        ...inside,
        directories: this.#directories,
        storage,
        tools: this.#collected.tools,
        watch: UNWATCHED,
      })
      this.#collected.close()
      return { outcome: outcomeOf(outcome), ...this.#collected.all, files: await contentOf(directory) }
    } finally {
      stop()
    }
  }

  async cleanUp(): Promise<void> {
    await this.#directories.idle()
    await rm(this.#folder, { recursive: true, force: true })
  }

  #offer(): TaskOffer {
    const { name, options, params = {} } = this.#setup
    const { taskId = randomUUID(), jobId = randomUUID(), priority = 0, deadlineMs, metadata } = options
    const sent = throughJson(params)
    if (!isObject(sent)) throw new TypeError('Task not run: params must be an object')
    return {
      ...{ taskId, jobId, taskName: name, priority, params: sent, tracingContext: {} },
      exactParams: hasBigint(sent) ? () => sent : undefined,
      deadlineMs: deadlineMs === undefined ? undefined : this.#clock.wallMs() + deadlineMs,
      metadata: metadata && (throughJson(metadata) as JsonObject),
    }
  }

  get #clock(): DevClock {
    return this.#setup.options.clock ?? machineClock
  }

  /** Aborts the task at its deadline and when the test cancels it. @returns a function that ends this */
  #watch(): () => void {
    const { signal, deadlineMs } = this.#setup.options
    const cancel = () => this.#signal.abort(new TaskCancelledError())
    if (signal?.aborted) cancel()
    signal?.addEventListener('abort', cancel)
    const timer =
      deadlineMs === undefined
        ? undefined
        : this.#clock.after(deadlineMs, () => this.#signal.abort(new TaskTimeoutError()))
    return () => {
      signal?.removeEventListener('abort', cancel)
      timer?.cancel()
    }
  }
}

const UNWATCHED = { entered: () => {}, returned: () => {} }
const machineClock = new DevClock()
const SETTINGS = { defaultBucket: 'test', keyPrefix: '', maxConcurrency: MAX_TRANSFERS }

const storeFrom = (store: RunTaskOptions['store']): ObjectStore | undefined =>
  store === undefined || isStore(store) ? store : new MemoryStore(store)

const isStore = (store: NonNullable<RunTaskOptions['store']>): store is ObjectStore =>
  'download' in store && typeof store['download'] === 'function'

const hasBigint = (value: unknown): boolean =>
  typeof value === 'bigint' ||
  (typeof value === 'object' && value !== null && Object.values(value).some(hasBigint))

const fill = async (directory: TaskDirectory, files: Readonly<Record<string, Content>>): Promise<void> => {
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory.make(), name)
    if (relative(directory.make(), path).startsWith('..'))
      throw new TypeError(`File "${name}" not written: it is outside of the directory of the task`)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
}

const contentOf = async ({ claim }: TaskDirectory): Promise<Record<string, Buffer>> => {
  if (!claim) return {}
  const entries = await readdir(claim.path, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  const read = paths.map(async (path) => {
    const name = relative(claim.path, path).split(sep).join('/')
    return [name, await readFile(path)] as const
  })
  return Object.fromEntries(await Promise.all(read))
}
