/** A user's test of the worker in `consumer.ts`, against the embedded orchestrator. */
import type { Readiness, StopOptions } from 'avtomatika-worker'
import {
  type ActiveFault,
  type CancelAnswer,
  type JsonObject as DevJsonObject,
  type JsonValue as DevJsonValue,
  type DevOrchestrator,
  type EventName,
  type Extras,
  type FaultName,
  type FaultOptions,
  type FaultRoute,
  type Generation,
  type Job,
  type JobProgress,
  type JobRequest,
  type JobState,
  type JobStatus,
  type Listener,
  type OrchestratorEvents,
  type OrchestratorFaults,
  type OrchestratorOptions,
  startOrchestrator,
  type TaskEvent,
  type WireRecord,
  type WorkerRecord,
} from 'avtomatika-worker/dev'
import { logger, stopCommands, values, worker } from './consumer.js'

const isOver = ({ state, status }: Job): boolean => {
  const ends: JobState[] = ['done', 'finished', 'failed_state', 'cancelled_state']
  const stuck: JobStatus = 'quarantined'
  return ends.includes(state) || status === stuck
}

const summary = (job: Job): string => {
  const progress: JobProgress | undefined = job.progress
  const { deadline, metadata }: Extras = job.extras
  const params: DevJsonObject = job.params
  const width: DevJsonValue | undefined = params['width']
  return [progress?.fraction, deadline, metadata, width].join()
}

const seen = <Name extends EventName>(orchestrator: DevOrchestrator, name: Name, listener: Listener<Name>) =>
  orchestrator.on(name, listener)

const wire = ({ workerId, generation, record }: WorkerRecord): readonly [string, Generation, WireRecord] => [
  workerId,
  generation,
  record,
]

const breakIt = (faults: OrchestratorFaults, name: FaultName): ActiveFault => {
  const routes: FaultRoute[] = ['poll']
  const options: FaultOptions = { routes, forMs: 1_000 }
  return faults.start(name, options)
}

export const trial = async (request: JobRequest): Promise<string> => {
  const settings: OrchestratorOptions = { pollHoldMs: 500, generation: 'rxon' }
  await using orchestrator = await startOrchestrator(settings)
  seen(orchestrator, 'event', ({ type, payload }: TaskEvent) => logger.info(payload, type))
  seen(orchestrator, 'job', (job: OrchestratorEvents['job']) => logger.info({}, summary(job)))
  breakIt(orchestrator.faults, '429').stop()
  await worker.start()
  const record = await orchestrator.waitForWorker(request.task, { timeoutMs: 1_000 })
  const { id } = await orchestrator.createJob(request)
  const answer: CancelAnswer = await orchestrator.cancelJob(id)
  orchestrator.recordLog(JSON.stringify({ level: 30, jobId: id, msg: 'a line of the log' }))
  const job = await orchestrator.waitForJob(id)
  const stopping: StopOptions = { pollGraceMs: 0 }
  const { ready, reason }: Readiness = worker.readiness
  stopCommands()
  await worker.stop(stopping)
  return `${isOver(job)} ${answer} ${ready} ${reason} ${wire(record).join()} ${values.WORKER_ID}`
}
