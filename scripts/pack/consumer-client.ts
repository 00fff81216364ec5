/** A user's program that sends jobs to the worker in `consumer.ts`, and reads their results. */
import {
  type AfterJson,
  type DataOf,
  defineTask,
  type ParamsInput,
  type TasksIn,
  type TypedTask,
  Worker,
} from 'avtomatika-worker'
import {
  type AnyTasks,
  AuthError,
  AvtomatikaError,
  type CancelReceipt,
  type ClientJob,
  type ClientOptions,
  type ClientProgress,
  ConfigError,
  type ConfigProblem,
  type CreateArgs,
  type CreateOptions,
  type HasTasks,
  JobClient,
  type JobOutcome,
  type JobRef,
  JobTimeoutError,
  type ListOptions,
  ProtocolError,
  RateLimitError,
  ResponseError,
  type TaskName,
  type TaskParams,
  type TaskResult,
  type TasksOf,
  type TaskTypes,
  UnknownJobError,
  UnreachableError,
  type WaitOptions,
} from 'avtomatika-worker/client'

const crop = defineTask({ name: 'crop', run: ({ width }) => ({ pixels: Number(width) ** 2 }) })
const worker = new Worker().task('measure', () => ({ data: { at: new Date(0) } })).add(crop)
type Tasks = typeof worker

const options: ClientOptions = { url: 'http://127.0.0.1:8080', token: 'dev-client-token', apiPath: '/api/v1' }
const creation: CreateOptions = { endpoint: '/jobs/measure', resultTimeoutMs: 60_000 }
const page: ListOptions = { limit: 10 }
const name: TaskName<Tasks> = 'measure'
const params: TaskParams<Tasks, 'measure'> = {}
export const args: CreateArgs<Tasks> = [name, params, creation]
export const measured: TaskResult<Tasks, 'measure'> = { at: '1970-01-01T00:00:00.000Z' }
export const dated: DataOf<{ at: Date }> = { ...measured }
export const again: AfterJson<{ at: Date }> = { ...dated }
export const input: ParamsInput<undefined> = {}
export const one: TaskTypes = { params: input, result: {} }
export const any: AnyTasks = { one: { params: one.params, result: {} } }
export const none: TasksOf<unknown> = { ...any }
export const marks: [HasTasks, TypedTask<'crop', undefined, object>, TasksIn<[typeof crop]>] = [
  {},
  crop,
  crop,
]

const told = ({ fraction, message }: ClientProgress): void => console.log(fraction, message)

export const measure = async (): Promise<JobOutcome | undefined> => {
  await using client = new JobClient<Tasks>(options)
  const job: JobRef<{ at: string }> = await client.create('measure', params)
  const waiting: WaitOptions<{ at: string }> = { timeoutMs: 1_000, onProgress: told }
  const { outcome, result }: ClientJob<{ at: string }> = await client.wait(job, waiting)
  const receipt: CancelReceipt | undefined = outcome ? undefined : await client.cancel(job)
  console.log(result?.at, receipt, await client.list(page), await client.get(job))
  return outcome
}

export const explain = (error: unknown): string => {
  if (error instanceof ConfigError)
    return error.problems.map(({ expected }: ConfigProblem) => expected).join()
  if (error instanceof JobTimeoutError) return `${error.jobId} goes on`
  if (error instanceof UnknownJobError || error instanceof AuthError) return `status ${error.status}`
  if (error instanceof RateLimitError) return `again in ${error.retryAfterMs ?? 0} ms`
  if (error instanceof ResponseError || error instanceof UnreachableError) return error.message
  return error instanceof AvtomatikaError && !(error instanceof ProtocolError) ? error.code : String(error)
}
