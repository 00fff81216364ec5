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

/** The options of {@link runTask}. All of them may be left out. */
export interface RunTaskOptions {
  /** Files that are in the directory of the task at its start, by their path below it. */
  readonly files?: Readonly<Record<string, Content>>
  /**
   * The object store behind `s3://` values: a {@link MemoryStore}, the objects for a new one by their URI, or any other store.
   * Default: none, as in a worker without S3.
   */
  readonly store?: Readonly<Record<string, Content>> | ObjectStore
  /** Cancels the task when it aborts, as an orchestrator does. */
  readonly signal?: AbortSignal
  /** How long the task may take, in ms of {@link clock}. Default: no deadline. */
  readonly deadlineMs?: number
  /** The clock of the deadline. Move it with `clock.advance(ms)`. Default: the clock of the machine. */
  readonly clock?: DevClock
  /** Default 0. */
  readonly priority?: number
  /** The metadata of the job. Default: none. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** Default: random ids. */
  readonly taskId?: string
  readonly jobId?: string
  /** Also gets the lines that the handler logs. Default: they are only collected. */
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
 * Runs one task without a network: validates the params, runs middleware and handler, judges the result, and passes everything
 * through JSON on its way in and out. Never rejects because of the handler.
 *
 * @param task - a task of `defineTask`, or a worker and the name of one of its tasks. The worker is not started.
 * @throws AvtomatikaError `TEST_TASK` if there is no such task; TypeError if JSON cannot represent the params
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
    this.#directories = new TaskDirectories({
      parent: this.#folder,
      workerId: 'test',
      maxBytes: undefined,
      keep: 'always',
      log: this.#collected.logger,
      wake: new Wake(),
    })
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
