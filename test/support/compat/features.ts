import { once } from 'node:events'
import { type Handler, invalidInputFailure, permanentFailure, transientFailure } from 'avtomatika-worker'
import { request } from 'undici'
import type { JobState } from '../interop/client-api.js'
import { eventually } from '../interop/eventually.js'
import type { OrchestratorUnderTest } from '../interop/orchestrator-under-test.js'
import { onStage, PATIENCE, type Stage } from './stage.js'

/** Some never say that a job has finished. */
const isDone = ({ current_state }: JobState): boolean =>
  current_state === 'done' || current_state === 'finished'

/** Throws what is missing. */
type Check = (orchestrator: OrchestratorUnderTest) => Promise<void>

const expectThat = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what)
}

/** A job of one task, and how it has to end. */
const job =
  (handler: () => Handler, params: object, hope: (job: JobState) => boolean): Check =>
  (orchestrator) =>
    onStage(
      orchestrator,
      (worker, name) => worker.task(name, handler()),
      async ({ createJob, waitForJob }) => {
        await waitForJob(await createJob({ ...params }), hope)
      },
    )

const failsTwice = (): Handler => {
  let tries = 0
  return () => (++tries < 3 ? transientFailure('not yet') : { data: { tries } })
}

/** A task that runs until it is cancelled. */
const untilCancelled: Handler = async (_, { signal, progress }) => {
  progress(0.5, 'half of it')
  if (!signal.aborted) await once(signal, 'abort')
  throw signal.reason
}

const longTask = (act: (stage: Stage, id: string) => Promise<unknown>, withSocket: boolean): Check => {
  return async (orchestrator) => {
    let open = 0
    let begun = 0
    await onStage(
      orchestrator,
      (worker, name) => {
        worker.on('socketOpened', () => open++)
        worker.on('taskStarted', () => begun++)
        worker.task(name, untilCancelled)
      },
      async (stage) => {
        await eventually('the socket opens', () => !withSocket || open > 0, PATIENCE)
        const id = await stage.createJob()
        await eventually('the task begins', () => begun > 0, PATIENCE)
        await act(stage, id)
      },
      // The other way to hear of a cancel is as good as cut.
      withSocket ? { WORKER_ENABLE_WEBSOCKETS: true, HEARTBEAT_INTERVAL: 60 } : {},
    )
  }
}

const cancel = async ({ orchestrator, worker }: Stage, id: string): Promise<void> => {
  let cancelled = 0
  worker.on('taskFinished', ({ status }) => {
    if (status === 'cancelled') cancelled++
  })
  await orchestrator.client.cancel(id)
  await eventually('the task is cancelled', () => cancelled > 0, PATIENCE)
}

/** Some keep it with the job, others only tell it to their log. */
const tellProgress = ({ orchestrator, waitForJob }: Stage, id: string): Promise<unknown> =>
  waitForJob(id, (now) => {
    const { progress } = now as { progress?: number }
    return progress === 0.5 || orchestrator.log().includes(`for job ${id}: 50% - half of it`)
  })

const comesBack: Check = (orchestrator) =>
  onStage(
    orchestrator,
    (worker, name) => worker.task(name, () => ({})),
    async ({ createJob, waitForJob, worker, name }) => {
      let registered = 0
      worker.on('registered', () => registered++)
      await orchestrator.restart('SIGKILL')
      await eventually('it registers again', () => registered > 0, { deadlineMs: 60_000 })
      const isThere = (record?: { status?: string }) => record?.status === 'idle'
      await orchestrator.client.waitForWorker(name, isThere, PATIENCE)
      await waitForJob(await createJob(), isDone)
    },
  )

const refusesUnsigned: Check = async ({ url, workerToken }) => {
  const { statusCode, body } = await request(`${url}/_worker/workers/register`, {
    method: 'POST',
    headers: { 'X-Worker-Token': workerToken, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      worker_id: 'unsigned',
      supported_tasks: [],
      supported_skills: [],
      capabilities: {},
    }),
  })
  await body.dump()
  expectThat(statusCode === 403, `a registration without a signature was answered ${statusCode}`)
}

const signsTasks: Check = async (orchestrator) => {
  const endWith = (key: string, hope: (job: JobState) => boolean) =>
    onStage(
      orchestrator,
      (worker, name) => worker.task(name, () => ({})),
      async ({ createJob, waitForJob }) => {
        await waitForJob(await createJob(), hope)
      },
      { ORCHESTRATOR_SECRET_KEY: key },
    )
  await endWith('another key', ({ status }) => status === 'quarantined')
  await endWith(orchestrator.secretKey || 'no key', isDone)
}

const says = (status: string, words: string) => (now: JobState) =>
  now.status === status && now.error_message?.includes(words) === true

/** What is looked at, in the order of the table's columns. */
const SIDE_BY_SIDE: Readonly<Record<string, Check>> = {
  registration: (orchestrator) =>
    onStage(
      orchestrator,
      (worker, name) => worker.task(name, () => ({})),
      async () => {},
    ),
  'task and result': job(
    () => (params) => ({ data: { twice: params['x'] * 2 } }),
    { x: 21 },
    (now) => isDone(now) && now.state_history['twice'] === 42,
  ),
  'own status': job(
    () => () => ({ status: 'needs_manual_review' }),
    {},
    (now) => now.current_state === 'review',
  ),
  'permanent failure': job(() => () => permanentFailure('corrupt'), {}, says('quarantined', 'corrupt')),
  'invalid input': job(() => () => invalidInputFailure('no width'), {}, says('failed', 'no width')),
  'transient failure': job(failsTwice, {}, (now) => isDone(now) && now.state_history['tries'] === 3),
  'cancel, socket': longTask(cancel, true),
  'cancel, heartbeat': longTask(cancel, false),
  'progress, socket': longTask(tellProgress, true),
  'progress, HTTP': longTask(tellProgress, false),
  'wants signatures': refusesUnsigned,
  'signs tasks': signsTasks,
}

/** Ends the orchestrator, so it comes last. */
const ALONE: Readonly<Record<string, Check>> = { 'after a kill': comesBack }

export const FEATURES: readonly string[] = [...Object.keys(SIDE_BY_SIDE), ...Object.keys(ALONE)]

/** Looks at everything; what is not there, with what was seen in its place. */
export const missingAt = async (orchestrator: OrchestratorUnderTest): Promise<ReadonlyMap<string, Error>> => {
  const missing = new Map<string, Error>()
  const look = ([name, check]: readonly [string, Check]) =>
    check(orchestrator).catch((error: Error) => void missing.set(name, error))
  await Promise.all(Object.entries(SIDE_BY_SIDE).map(look))
  for (const entry of Object.entries(ALONE)) await look(entry)
  return missing
}
