/** A user's tests of tasks and of the worker in `consumer.ts`. */
import { defineTask, Worker } from 'avtomatika-worker'
import {
  type AnsweredRequest,
  type Content,
  type EmittedEvent,
  type LeakCheck,
  LeakError,
  type LogEntry,
  leakCheck,
  MemoryStore,
  type RunOutcome,
  type RunTaskOptions,
  runTask,
  type StartWorkerOptions,
  startOrchestrator,
  type TaskRun,
  TestClock,
  type TestOrchestrator,
  type TestOrchestratorOptions,
  type Timer,
  UnexpectedRequestError,
  type WorkerProcess,
} from 'avtomatika-worker/testing'

const crop = defineTask({ name: 'crop', run: ({ width }) => ({ pixels: Number(width) ** 2 }) })
const worker = new Worker().task('measure', () => ({ data: { width: 1 } }))

export const tried = async (content: Content): Promise<string> => {
  const clock = new TestClock()
  const timer: Timer = clock.after(1_000, () => {})
  timer.cancel()
  const store = new MemoryStore({ 's3://pictures/in.jpg': content })
  const options: RunTaskOptions = { store, clock, deadlineMs: 1_000 }
  const run: TaskRun<{ width: number }> = await runTask(worker, 'measure', {}, options)
  const { outcome } = await runTask(crop, { width: 3 })
  const measured: RunOutcome<{ width: number }> = run.outcome
  const lines: readonly LogEntry[] = run.log
  const events: readonly EmittedEvent[] = run.events
  return `${measured.data?.width} ${outcome.data?.pixels} ${lines.length} ${events.length}`
}

export const killed = async (): Promise<readonly string[]> => {
  const leaks: LeakCheck = leakCheck()
  const options: TestOrchestratorOptions = { expects: ({ status }: AnsweredRequest) => status === 404 }
  const orchestrator: TestOrchestrator = await startOrchestrator(options)
  const how: StartWorkerOptions = { env: { LOG_LEVEL: 'warn' } }
  const child: WorkerProcess = await orchestrator.startWorker('worker.js', how)
  await orchestrator.killWorker(child)
  try {
    await orchestrator.close()
    await leaks.check()
    return []
  } catch (error) {
    if (error instanceof LeakError) return error.leaks
    return error instanceof UnexpectedRequestError ? error.requests.map(({ path }) => path) : [String(error)]
  }
}
