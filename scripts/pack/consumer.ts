/**
 * A user's program. Together with the other `consumer-….ts` it uses every public type. `npm run pack:check` compiles both against
 * the packed declarations, with each supported compiler. Nothing runs them.
 */
import {
  AuthError,
  AvtomatikaError,
  type CapacityChecker,
  type CheckedHandler,
  type CheckedReturn,
  CONTRACT_VIOLATION_ERROR,
  type CommandHandler,
  type CommandOrigin,
  ConfigError,
  type ConfigProblem,
  type ContextAdditions,
  DEPENDENCY_ERROR,
  DEPENDENCY_MISSING_ERROR,
  type DefinedTask,
  type DeviceUsage,
  type DiagnoseOptions,
  type Diagnosis,
  type DiagnosisCode,
  DowngradeError,
  type DownloadedFile,
  type DownloadOptions,
  DuplicateMessageError,
  defineTask,
  type EventOptions,
  type EventValidationName,
  type FileContent,
  type FileDownloadOptions,
  type FileMetadata,
  type FileMode,
  type GenerationName,
  type Handler,
  type HandlerResult,
  type HandlerReturn,
  INTEGRITY_MISMATCH_ERROR,
  INTERNAL_ERROR,
  INVALID_INPUT_ERROR,
  InvalidInputError,
  invalidInputFailure,
  type JsonObject,
  type JsonSchema,
  type JsonValue,
  type KeepTaskFilesName,
  LIMIT_EXCEEDED_ERROR,
  type ListedObject,
  type ListedOrchestrator,
  type LiveLimits,
  type LocalFiles,
  type LogFormatName,
  type Logger,
  type LogLevelName,
  type LogMethod,
  type MetricsFormat,
  type MetricsOptions,
  type Middleware,
  type Next,
  type NotJson,
  type ObjectAddress,
  type ObjectStore,
  type OpenMode,
  type OrchestratorEntry,
  type OrchestratorModeName,
  type OrchestratorSnapshot,
  type OwnData,
  type ParamsClass,
  type ParamsOf,
  type ParamsSpec,
  PERMANENT_ERROR,
  PermanentError,
  type ProgressUpdate,
  ProtocolError,
  permanentFailure,
  RateLimitError,
  type RawParams,
  RESOURCE_EXHAUSTED_ERROR,
  type Resources,
  ResponseError,
  type ResultOutcome,
  type ResultProblem,
  type ResultRef,
  type ResultSpec,
  type RunningTask,
  type S3AddressingName,
  SECURITY_ERROR,
  type Sendable,
  ShutdownError,
  StaleMessageError,
  StateError,
  type StoredFile,
  type StoredFolder,
  type StoredObject,
  TaskCancelledError,
  type TaskContext,
  type TaskEnd,
  TaskError,
  type TaskErrorCode,
  type TaskErrorOptions,
  type TaskFailure,
  type TaskFiles,
  type TaskOptions,
  type TaskOutcome,
  type TaskRef,
  type TaskSpec,
  TaskTimeoutError,
  TIMEOUT_ERROR,
  TRANSIENT_ERROR,
  type TraceRelationName,
  type TransferOptions,
  TransientError,
  transientFailure,
  UnknownWorkerError,
  UnreachableError,
  type UsageChecker,
  type UsageReport,
  VERSION,
  Worker,
  WorkerConfig,
  type WorkerConfigOverrides,
  type WorkerConfigValues,
  type WorkerEvents,
  type WorkerMetrics,
  type WorkerOptions,
  type WorkerSnapshot,
  type WorkerState,
  type WorkerTasks,
} from 'avtomatika-worker'

// Configuration

const resources: Resources = { cpuCores: 8, ramGb: 32, gpu: { model: 'L4', vramGb: 24 } }
const first: OrchestratorEntry = { url: 'https://first.example', priority: 1, token: 'secret' }
const mode: OrchestratorModeName = 'FAILOVER'
const generation: GenerationName = 'auto'
const level: LogLevelName = 'info'
const keep: KeepTaskFilesName = 'on-failure'
const addressing: S3AddressingName = 'virtual'
const trace: TraceRelationName = 'link'
export const traced = new Worker({ trace })
const format: LogFormatName = 'json'
const strict: EventValidationName = 'throw'
const overrides: WorkerConfigOverrides = {
  ORCHESTRATORS: [first],
  MULTI_ORCHESTRATOR_MODE: mode,
  S3_ADDRESSING: addressing,
  ORCHESTRATOR_PROTOCOL: generation,
  LOG_LEVEL: level,
  LOG_FORMAT: format,
  STRICT_EVENT_VALIDATION: strict,
  WORKER_KEEP_TASK_FILES: keep,
  RESOURCES: resources,
}
const config = new WorkerConfig(overrides)
config.TASK_POLL_TIMEOUT = 30
export const values: WorkerConfigValues = config
const listed: readonly ListedOrchestrator[] = config.ORCHESTRATORS
export const priorities: number[] = listed.map(({ priority, weight }) => priority * weight)

// A logger and an object store of the user's own

const write: LogMethod = (fields, message) => console.log(message, fields)
export const logger: Logger = { debug: write, info: write, warn: write, error: write, child: () => logger }

class MemoryStore implements ObjectStore {
  async *list(bucket: string, prefix: string, { signal }: TransferOptions): AsyncIterable<ListedObject> {
    signal.throwIfAborted()
    yield { key: `${bucket}/${prefix}`, size: 1 }
  }
  async stat(at: ObjectAddress, _options: TransferOptions): Promise<StoredObject> {
    return { size: at.key.length, etag: at.bucket }
  }
  async download(from: ObjectAddress, _path: string, { accept }: DownloadOptions): Promise<StoredObject> {
    accept?.(from.key.length)
    return { size: from.key.length }
  }
  async upload(_path: string, to: ObjectAddress, _options: TransferOptions): Promise<StoredObject> {
    return { size: to.key.length }
  }
}

// Handlers

class Crop {
  readonly width: number
  constructor({ width }: { width: number }) {
    this.width = width
  }
}
const cropClass: ParamsClass = Crop

/** A schema as a library of the Standard Schema family makes it. */
const size = {
  '~standard': {
    version: 1 as const,
    vendor: 'consumer',
    validate: (value: unknown) => ({ value: { width: Number(value) } }),
    types: undefined as { readonly input: unknown; readonly output: { width: number } } | undefined,
  },
}
const spec: ParamsSpec = size
const sized: ParamsOf<typeof size> = { width: 1 }
const raw: RawParams = { anything: sized, spec, cropClass }

const moved = async (files: TaskFiles, options: FileDownloadOptions): Promise<DownloadedFile> => {
  const local: LocalFiles = files
  await files.writeJson('list.json', await local.list())
  const list: readonly string[] = await files.readJson<readonly string[]>('list.json')
  const file: StoredFile = await files.upload('list.json', 'lists/')
  const folder: StoredFolder = await files.uploadDir(list[0])
  return files.download([file, ...folder.files][0]?.uri ?? folder.uri, 'again.json', options)
}

const saved = async (files: TaskFiles, content: FileContent): Promise<string> => {
  const openMode: OpenMode = 'w'
  const fileMode: FileMode = `${openMode}b`
  await files.open('copy.bin', fileMode, (file) => file.sync())
  await files.write('notes.txt', content)
  files.createReadStream('notes.txt', { start: 1 }).pipe(files.createWriteStream('copy.txt'))
  const bytes: Buffer = await files.read('notes.txt', 'rb')
  const names: string[] = (await files.exists('notes.txt')) ? await files.list() : []
  return `${files.root}/${names.length}/${bytes.byteLength}/${await files.pathTo('notes.txt')}`
}

const describe = ({ deadline, paramsMetadata, metadata, security, step, depth }: TaskContext): JsonObject => {
  const known: FileMetadata | undefined = paramsMetadata['file']
  const size: JsonValue = known?.size ?? null
  return { size, metadata, security, step, depth, deadline: deadline?.toISOString() ?? null }
}

const verdict = (status: number): HandlerResult | undefined => {
  if (status === 400) return invalidInputFailure('no such picture')
  if (status === 410) return permanentFailure('the picture is gone')
  return status === 503 ? transientFailure('the service is busy') : undefined
}

const anyHandler: Handler = (params, ctx): HandlerReturn => {
  ctx.signal.throwIfAborted()
  ctx.progress(0.5, `${ctx.taskName} for ${params['name']}`)
  ctx.emit('page_found', { url: 'https://first.example' })
  ctx.addToHotCache('model')
  ctx.removeFromHotCache('model')
  ctx.log.child({ trace: ctx.tracingContext }).info({ priority: ctx.priority }, 'working')
  return { data: describe(ctx) }
}

const cropOptions: TaskOptions<typeof Crop> = { params: Crop, taskType: 'cpu', version: '1.0.0' }

const options: WorkerOptions = {
  config,
  logger,
  objectStore: new MemoryStore(),
  maxConcurrentTasks: 4,
  taskTypeLimits: { cpu: 2 },
}
// Tasks in files of their own, middleware, and changes while the worker runs

interface WithDb extends ContextAdditions {
  db: string
}
const connect: Middleware<WithDb> = async (_ctx, next: Next<WithDb>) => next({ db: 'main' })
const described: TaskSpec<typeof Crop, WithDb> = {
  name: 'defined',
  params: Crop,
  run: ({ width }, { db }) => ({ data: { width, db }, costs: { pixels: width } }),
}
const defined: DefinedTask<WithDb> = defineTask(described)
const capacityChecker: CapacityChecker = (taskName) => taskName !== 'big'
const device: DeviceUsage = { id: '0', loadPercent: 3, metrics: { watts: 12 } }
const report: UsageReport = { cpuPercent: 1, ramUsedGb: 2, devices: [device] }
const usageChecker: UsageChecker = () => report
const details: TaskErrorOptions = { details: { line: 3 }, cause: new PermanentError('no') }
export const failing = new TransientError('no', details)
export const changing = new Worker({ capacityChecker, usageChecker, metadata: { rack: 'b7' } }).use<WithDb>(
  connect,
)
const limits: LiveLimits = { maxConcurrentTasks: 5 }
export const change = (tasks: WorkerTasks<WithDb>): void => {
  tasks.add(defined)
  tasks.setLimits(limits)
  tasks.pause('image')
  tasks.resume('image')
}
change(changing)

export const worker = new Worker(options)
  .task('any', anyHandler)
  .task('crop', cropOptions, ({ width }) => ({ width: width.toFixed(0) }))
  .task('size', { params: size, result: size, statuses: ['review'] }, async ({ width }, { files }) => {
    return (
      verdict(width) ?? {
        status: 'review',
        data: { ...(await moved(files, {})), path: await saved(files, String(width)) },
      }
    )
  })
  .task('raw', () => raw)

// @ts-expect-error: the schema's output has no such property
worker.task('typo', { params: size }, ({ height }) => ({ height }))

// Events and commands

const onCommand: CommandHandler = (message, origin: CommandOrigin) =>
  logger.info(message, origin.orchestrator)
export const stopCommands: () => void = worker.onCommand('reload', onCommand)
const states: WorkerState[] = []
worker.on('stateChanged', ({ from, to }) => states.push(from, to))
worker.on('taskStarted', ({ taskId, jobId, taskName }: TaskRef) => logger.info({ taskId, jobId }, taskName))
worker.on('taskFinished', ({ status, error, durationMs }: TaskEnd) => {
  const failure: TaskError | undefined = error
  logger.info({ status, durationMs }, failure?.message ?? '')
})
export const failureWith = (code: string): TaskFailure => ({ code, message: 'no' })
worker.on('progress', ({ progress, message }: ProgressUpdate) => logger.info({ progress }, message))
worker.on('resultDelivered', ({ taskId }: ResultRef) => logger.info({ taskId }, 'delivered'))
export type Blocked = WorkerEvents['eventLoopBlocked']

// Metrics, status and diagnosis

const text: MetricsFormat = 'openmetrics'
const metricsOptions: MetricsOptions = { format: text, process: false }
const metrics: WorkerMetrics = worker.metrics
export const exposition: Promise<string> = metrics.text(metricsOptions)
const snapshot: WorkerSnapshot = worker.snapshot()
const outcome: TaskOutcome = 'success'
const delivered: ResultOutcome = 'delivered'
export const ended: number = snapshot.tasks.ended[outcome] + snapshot.results.ended[delivered]
export const running: string[] = snapshot.tasks.running.map(
  ({ taskId, runningMs }: RunningTask) => `${taskId} ${runningMs}`,
)
export const urls: string[] = snapshot.orchestrators.map(
  ({ url, trouble }: OrchestratorSnapshot) => trouble ?? url,
)
const diagnoseOptions: DiagnoseOptions = { noTaskForMs: 60_000 }
const ignored: readonly DiagnosisCode[] = ['other_orchestrator_in_use']
export const causes = async (): Promise<string[]> => {
  const found: readonly Diagnosis[] = await worker.diagnose(diagnoseOptions)
  return found
    .filter(({ code }) => !ignored.includes(code))
    .map(({ evidence, remedy }) => `${evidence} ${remedy}`)
}

// Errors

const codes: TaskErrorCode[] = [
  CONTRACT_VIOLATION_ERROR,
  DEPENDENCY_ERROR,
  DEPENDENCY_MISSING_ERROR,
  INTEGRITY_MISMATCH_ERROR,
  INTERNAL_ERROR,
  INVALID_INPUT_ERROR,
  LIMIT_EXCEEDED_ERROR,
  PERMANENT_ERROR,
  RESOURCE_EXHAUSTED_ERROR,
  SECURITY_ERROR,
  TIMEOUT_ERROR,
  TRANSIENT_ERROR,
  'AN_ERROR_OF_MY_OWN',
]

const internal = (error: unknown): string => {
  if (error instanceof UnreachableError) return error.wasSent ? 'no answer' : 'no connection'
  if (error instanceof DowngradeError) return 'unsigned tasks'
  if (error instanceof StateError || error instanceof ProtocolError) return error.message
  return error instanceof AvtomatikaError ? error.code : String(error)
}

const responses = [AuthError, DuplicateMessageError, StaleMessageError, UnknownWorkerError]

export const explain = (error: unknown): string => {
  if (error instanceof ConfigError) {
    const [problem]: readonly ConfigProblem[] = error.problems
    return `${problem?.name}: expected ${problem?.expected}, found ${problem?.value}`
  }
  if (error instanceof RateLimitError) return `again in ${error.retryAfterMs ?? 0} ms`
  if (responses.some((kind) => error instanceof kind)) return 'refused'
  if (error instanceof ResponseError) return `status ${error.status}`
  if (error instanceof TaskError) return codes.includes(error.code) ? 'known' : error.code
  return internal(error)
}

export const thrown: readonly TaskError[] = [
  new InvalidInputError('no width', { cause: new Error('undefined') }),
  new PermanentError('not a picture'),
  new TransientError('busy'),
  new ShutdownError(),
  new TaskCancelledError(),
  new TaskTimeoutError(),
]

// What a handler may return

const measure: CheckedHandler<RawParams, { width: number }> = ({ width }) => ({ width })
const found: JsonSchema = { type: 'object', properties: { url: { type: 'string' } } }
const measured: ResultSpec = { type: 'object', required: ['width'] }
worker.task('measure', { params: found, result: measured, events: { found } }, measure)
const urgent: EventOptions = { priority: 5, metadata: { by: VERSION } }
worker.emit('measured', {}, urgent)
export const own: OwnData = { width: 1 }
export const isFine: CheckedReturn<{ width: number }> = undefined
export const cannotBeSent: NotJson = new Map<string, number>()
export const plainOnly: Sendable<{ width: number }> = { width: 1 }
export const reason: ResultProblem<string> = 'return an object: { data: … }'
