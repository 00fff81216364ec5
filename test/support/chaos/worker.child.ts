import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { PermanentError, type TaskContext, TransientError, Worker } from '../../../src/index.js'

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

const worker = new Worker({ logger: silent, taskTypeLimits: { narrow: NARROW_LIMIT } })

interface Params {
  readonly ms: number
  readonly fails?: 'once' | 'for good'
  /** Ends early when it is told to. */
  readonly heeds?: true
}

const running = { all: 0, narrow: 0 }
/** The open ones, by the id that each is of. */
const polls = new Map<object, string>()
/** The id of the poll that was answered last. */
let answered: string | undefined

/** Longer than any answer takes, shorter than any time limit of the worker. */
const SILENT_MS = 4_000
/** When the other requests were made. */
const made = new Map<object, number>()
let wasSilent = false

/**
 * What the HTTP client tells of its requests. A poll that is open holds a slot, as a handler that runs does. Where the worker goes by
 * two ids for a while, the only poll of one of them may be open with a slot that those of the other have lent. The poll that has lent its
 * slot may bring a task while the journal still notes the new one. Once a request has timed out, the open polls may be dead: they hold
 * their slots, and one of them lends its own to a new poll.
 */
const onRequest = (what: string, act: (request: object, path: string) => void): void =>
  subscribe(`undici:request:${what}`, (message) => {
    const { request } = message as { readonly request: { readonly path: string } }
    act(request, request.path)
  })

onRequest('create', (request, path) => {
  if (!path.includes('/tasks/next')) {
    made.set(request, performance.now())
    return
  }
  polls.set(request, path)
  const others = [...polls.values()].filter((other) => other !== path).length
  const isOnly = polls.size - others === 1
  const hasLent = answered !== undefined && answered !== path
  const lent = isOnly ? Math.max(others, Number(hasLent)) : Number(wasSilent)
  if (running.all + polls.size - lent > SLOTS)
    say(`limit polls ${running.all} + ${polls.size}, ${lent} lent, silent: ${wasSilent}`)
})
onRequest('trailers', (request) => {
  answered = polls.get(request) ?? answered
  polls.delete(request)
  made.delete(request)
})
onRequest('error', (request) => {
  polls.delete(request)
  if (performance.now() - (made.get(request) ?? Number.POSITIVE_INFINITY) > SILENT_MS) wasSilent = true
  made.delete(request)
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
