import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { PermanentError, type TaskContext, TransientError, Worker } from '../../../src/index.js'
import { LIFE_HEADER } from './fault.js'

/**
 * Run as a process of its own, configured by its environment: a worker whose handlers are short and sometimes fail, and
 * which says on its standard output what happens, a line each. It begins when it is told anything on its standard input.
 */
const say = (line: string): void => {
  writeSync(1, `${line}\n`)
}

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent }
const NARROW_LIMIT = 3
const SLOTS = Number(process.env['MAX_CONCURRENT_TASKS'])
const LIFE = String(process.env['LIFE'])

const worker = new Worker({ logger: silent, taskTypeLimits: { narrow: NARROW_LIMIT } })

interface Params {
  readonly ms: number
  readonly fails?: 'once' | 'for good'
  /** Ends early when it is told to. */
  readonly heeds?: true
}

const running = { all: 0, narrow: 0 }

interface OpenRequest {
  readonly path: string
  readonly madeMs: number
}

/** What the HTTP client tells of: each request from its making to its end. */
const open = new Map<object, OpenRequest>()
/** The id of the poll that was answered last, as its path has it. */
let answered: string | undefined

/** Longer than any answer takes, shorter than any time limit of the worker. */
const SILENT_MS = 9_000
/** Whether a request has timed out, so that open polls may be dead. */
let wasSilent = false

const isPoll = ({ path }: OpenRequest): boolean => path.endsWith('/tasks/next')

/**
 * How many open polls may be there without a slot of their own. Where the worker goes by two ids for a while, a poll that is held lends
 * its slot to the only poll of the other id. That one may be made first, while the journal still notes the poll that lends, and it may
 * have brought a task already. Once a request has timed out, a poll that may be dead lends its slot to one of its own id.
 */
const lentBeside = (id: string, polls: readonly OpenRequest[]): number => {
  const others = polls.filter(({ path }) => path !== id).length
  const own = polls.length - others
  const hasBrought = answered !== undefined && answered !== id
  return Math.max(own === 1 ? others : 0, Number(others === 1 || hasBrought), Number(wasSilent))
}

/** @param id - of the poll that was just made, as its path has it */
const checkSlots = (id: string): void => {
  const polls = [...open.values()].filter(isPoll)
  const lent = lentBeside(id, polls)
  if (running.all + polls.length - lent <= SLOTS) return
  const now = performance.now()
  const story = polls.map(({ path, madeMs }) => `${path} for ${Math.round(now - madeMs)} ms`).join(', ')
  say(
    `limit polls ${running.all} + ${polls.length}, ${lent} lent, answered last: ${answered}; open: ${story}`,
  )
}

interface RequestOfUndici {
  readonly path: string
  addHeader(name: string, value: string): void
}

const onRequest = (what: string, act: (request: RequestOfUndici) => void): void =>
  subscribe(`undici:request:${what}`, (message) =>
    act((message as { readonly request: RequestOfUndici }).request),
  )

onRequest('create', (request) => {
  request.addHeader(LIFE_HEADER, LIFE)
  const made = { path: request.path, madeMs: performance.now() }
  open.set(request, made)
  if (isPoll(made)) checkSlots(made.path)
})
onRequest('trailers', (request) => {
  const ended = open.get(request)
  if (ended && isPoll(ended)) answered = ended.path
  open.delete(request)
})
onRequest('error', (request) => {
  const { madeMs } = open.get(request) ?? { madeMs: Number.POSITIVE_INFINITY }
  wasSilent ||= performance.now() - madeMs > SILENT_MS
  open.delete(request)
})

const work = async (
  kind: keyof typeof running,
  { ms, fails, heeds }: Params,
  { taskId, signal }: TaskContext,
) => {
  if (kind === 'narrow' && ++running.narrow > NARROW_LIMIT) say(`limit narrow ${running.narrow}`)
  if (++running.all > SLOTS) say(`limit all ${running.all}`)
  try {
    await pause(ms, undefined, heeds && { signal }).catch(() => signal.throwIfAborted())
  } finally {
    running.all--
    if (kind === 'narrow') running.narrow--
  }
  if (fails === 'for good') throw new PermanentError('for good')
  // The task that comes in its place has another id.
  if (fails === 'once' && /[0-3]$/.test(taskId)) throw new TransientError('for once')
  return { data: { taskId } }
}

worker.task('short', (params, context) => work('all', params as unknown as Params, context))
worker.task('narrow', { taskType: 'narrow' }, (params, context) =>
  work('narrow', params as unknown as Params, context),
)
worker.on('taskStarted', ({ taskId }) => say(`took ${taskId}`))
worker.on('taskHandedBack', ({ taskId }) => say(`handed-back ${taskId}`))
worker.on('resultDelivered', ({ taskId }) => say(`delivered ${taskId}`))
worker.on('resultIgnored', ({ taskId }) => say(`ignored ${taskId}`))
worker.on('resultRefused', ({ taskId, error }) => say(`refused ${taskId} ${error.message}`))
worker.on('resultSetAside', ({ taskId }) => say(`set-aside ${taskId}`))
await once(process.stdin, 'data')
process.stdin.destroy()
await worker.run()
