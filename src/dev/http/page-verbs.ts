import { isObject } from '../../utils/json.js'
import type { PageParts } from '../app-parts.js'
import type { FaultName, FaultOptions } from '../faults/fault.js'
import { completeRequest } from '../job-request.js'
import { answerJson, answerNothing, answerUnlessWrong, INVALID_JSON, refuse } from './answers.js'
import { readBody } from './body.js'
import { CANCEL_ANSWERS, FULL } from './client-routes.js'
import type { HttpContext } from './http-context.js'

/** How many jobs one request may create. */
const MAX_COUNT = 10_000

/** Creates one job, or as many equal jobs as `count` says. */
export const send = async (parts: PageParts, context: HttpContext): Promise<Response> => {
  const read = await readBody(context.env.incoming)
  if (read.kind === 'too_long') return refuse(context, { status: 413, error: 'The params exceed 1 MiB' })
  if (read.kind !== 'json' || !isObject(read.value)) return refuse(context, INVALID_JSON)
  const { count = 1, ...request } = read.value
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > MAX_COUNT)
    return refuse(context, { status: 400, error: `count must be a whole number from 1 to ${MAX_COUNT}` })
  return answerUnlessWrong(context, () => create(parts, context, request, count))
}

const create = (
  { runner, jobs, settings, clock }: PageParts,
  context: HttpContext,
  request: Record<string, unknown>,
  count: number,
): Response => {
  const ids: string[] = []
  while (ids.length < count && !jobs.isFull)
    ids.push(runner.create(completeRequest(request, settings.taskTimeoutMs, clock.wallMs())).id)
  return ids.length > 0 ? answerJson(context, { ids }, 201) : refuse(context, FULL)
}

export const cancel = ({ runner }: PageParts, context: HttpContext): Response => {
  const answer = CANCEL_ANSWERS[runner.cancel(context.req.param('id') ?? '')]
  return 'error' in answer ? refuse(context, answer) : answerJson(context, answer)
}

/** Drops the jobs that have ended, the rates, and the workers that are lost. */
export const clear = ({ jobs, workers, activity, changes }: PageParts, context: HttpContext): Response => {
  const ids = jobs.dropEnded()
  activity.drop(ids)
  activity.rates.clear()
  activity.keepWorkers((id) => workers.get(id) !== undefined)
  for (const id of ids) changes.jobChanged(id)
  return answerJson(context, { cleared: ids.length })
}

export const forgetWorkers = ({ workers }: PageParts, context: HttpContext): Response => {
  workers.clear()
  return answerNothing(context)
}

/** Starts a fault: its name, and the options of `orchestrator.faults.start()`. */
export const startFault = async ({ faults }: PageParts, context: HttpContext): Promise<Response> => {
  const read = await readBody(context.env.incoming)
  if (read.kind !== 'json' || !isObject(read.value)) return refuse(context, INVALID_JSON)
  const { name, ...options } = read.value
  return answerUnlessWrong(context, () => {
    // The faults check every option themselves.
    faults.start(name as FaultName, options as FaultOptions)
    return answerNothing(context)
  })
}

export const stopFaults = ({ faults }: PageParts, context: HttpContext): Response => {
  faults.stop()
  return answerNothing(context)
}
