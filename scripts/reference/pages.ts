/** Says on which page of docs/reference each public name is. */
import type { EntryName } from './read.js'
import type { Layout } from './write.js'

/** A page with a generated region. */
export interface Page {
  /** The name of the file in docs/reference. */
  readonly file: string
  readonly entry: EntryName
  /** The names, in the order of the page. Names with the layout `row` are in a table at its end. */
  readonly names: readonly (readonly [name: string, layout: Layout | 'own members'])[]
  /** The interface whose members are also in a short table, in the region `options`. */
  readonly options?: string
}

const as = <L extends Layout | 'own members'>(layout: L, names: string): [string, L][] =>
  names.split(/\s+/).map((name) => [name, layout])

/** The pages. Errors are on errors.md, see `errors-page.ts`. */
export const PAGES: readonly Page[] = [
  {
    file: 'worker-options.md',
    entry: 'avtomatika-worker',
    options: 'WorkerOptions',
    names: [
      ...as('members', 'WorkerOptions'),
      ...as('table', 'UsageReport DeviceUsage Logger'),
      ...as('members', 'ObjectStore'),
      ...as('table', 'ObjectAddress ListedObject StoredObject TransferOptions DownloadOptions'),
      ...as('table', 'OrchestratorEntry Resources'),
      ...as(
        'row',
        'CapacityChecker UsageChecker LogMethod WorkerConfig WorkerConfigValues WorkerConfigOverrides',
      ),
      ...as(
        'row',
        'ListedOrchestrator OrchestratorModeName GenerationName EventValidationName KeepTaskFilesName',
      ),
      ...as('row', 'LogFormatName LogLevelName S3AddressingName TraceRelationName'),
    ],
  },
  {
    file: 'worker.md',
    entry: 'avtomatika-worker',
    names: [
      ...as('members', 'Worker'),
      ...as('table', 'StopOptions Readiness LiveLimits CommandOrigin DiagnoseOptions Diagnosis'),
      ...as('members', 'WorkerMetrics'),
      ...as(
        'table',
        'MetricsOptions WorkerSnapshot OrchestratorSnapshot RunningTask TaskRef TaskEnd ResultRef',
      ),
      ...as('members', 'TaskOutcome ResultOutcome'),
      ...as('row', 'WorkerState WorkerEvents CommandHandler DiagnosisCode MetricsFormat'),
      ...as('row', 'WorkerTasks VERSION'),
    ],
  },
  {
    file: 'tasks.md',
    entry: 'avtomatika-worker',
    names: [
      ...as('members', 'TaskOptions defineTask'),
      ...as('table', 'TaskSpec HandlerResult TaskFailure'),
      ...as('members', 'transientFailure permanentFailure invalidInputFailure Middleware'),
      ...as(
        'row',
        'JsonSchema Handler HandlerReturn OwnData DefinedTask ParamsSpec ResultSpec ParamsClass RawParams ParamsOf Next',
      ),
      ...as(
        'row',
        'ContextAdditions CheckedHandler CheckedReturn ResultProblem Sendable NotJson TaskTypes HasTasks',
      ),
      ...as('row', 'TypedTask TasksIn ParamsInput DataOf AfterJson JsonObject JsonValue'),
    ],
  },
  {
    file: 'context.md',
    entry: 'avtomatika-worker',
    names: [
      ...as('members', 'TaskContext TaskFiles'),
      ...as('table', 'StoredFile StoredFolder DownloadedFile FileDownloadOptions FileMetadata EventOptions'),
      ...as('table', 'ProgressUpdate'),
      ...as('row', 'LocalFiles FileContent FileMode OpenMode'),
    ],
  },
  {
    file: 'client.md',
    entry: 'avtomatika-worker/client',
    names: [
      ...as('members', 'JobClient'),
      ...as('table', 'ClientOptions CreateOptions WaitOptions ListOptions ClientJob ClientProgress'),
      ...as(
        'row',
        'JobRef JobOutcome CancelReceipt TaskName TaskParams TaskResult TasksOf AnyTasks CreateArgs',
      ),
      ...as('row', 'HasTasks TaskTypes'),
    ],
  },
  {
    file: 'embedded-orchestrator.md',
    entry: 'avtomatika-worker/dev',
    names: [
      ...as('members', 'startOrchestrator'),
      ...as('table', 'OrchestratorOptions'),
      ...as('members', 'DevOrchestrator'),
      ...as('table', 'OrchestratorEvents'),
      ...as('members', 'OrchestratorFaults'),
      ...as('table', 'FaultOptions ActiveFault JobRequest Job JobProgress Extras WorkerRecord TaskEvent'),
      ...as('table', 'AnsweredRequest'),
      ...as('members', 'JobStatus'),
      ...as('row', 'JobState CancelAnswer FaultName FaultRoute EventName Listener Generation WireRecord'),
      ...as('row', 'JsonObject JsonValue'),
    ],
  },
  {
    file: 'test-kit.md',
    entry: 'avtomatika-worker/testing',
    names: [
      ...as('members', 'runTask'),
      ...as('table', 'RunTaskOptions TaskRun RunOutcome EmittedEvent LogEntry'),
      ...as('members', 'MemoryStore TestClock startOrchestrator'),
      ...as('own members', 'TestOrchestratorOptions TestOrchestrator'),
      ...as('table', 'StartWorkerOptions WorkerProcess'),
      ...as('members', 'leakCheck LeakCheck'),
      ...as('row', 'Content Timer'),
    ],
  },
]
