import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startOrchestrator } from 'avtomatika-worker/dev'
import { expect, onTestFinished, test } from 'vitest'
import { replay } from '../../src/journal/replay.js'
import { SEED, seededDice } from '../support/chaos/dice.js'
import { PASS, type SeenRequest } from '../support/chaos/fault.js'
import { FaultProxy, type SeenAnswer } from '../support/chaos/fault-proxy.js'
import { JobFeed } from '../support/chaos/job-feed.js'
import { WorkerLife } from '../support/chaos/worker-life.js'
import { temporaryFolder } from '../support/temporary-folder.js'

/** `CHAOS_SIGTERMS=300` is the whole of it, and takes some six minutes. */
const SIGTERMS = Number(process.env['CHAOS_SIGTERMS'] ?? 30)
/** Workers that run side by side, each with successors of its own. */
const LANES = 3
const GRACE_MS = 1_000
/** How long a handler runs that does not care that it is to end. */
const DEAF_MS = 20_000
/** What a worker has from the signal to its end on a machine that has much else to do; one that waits for a deaf handler takes longer. */
const LIMIT_MS = GRACE_MS + 9_000
const LONGEST_LIFE_REQUESTS = 150

/** How a task that a worker was given has ended: as its handler wanted, or in one of the ways of a worker that ends. */
const wayOf = (result: {
  readonly status: string
  readonly error?: { readonly message: string }
}): string => {
  const message = result.error?.message ?? ''
  if (message === 'The worker is shutting down and has not started this task') return 'handed back'
  if (message === 'The worker is shutting down') return 'aborted'
  // The orchestrator has given its job up.
  if (result.status === 'cancelled') return 'cancelled'
  return result.status === 'success' ? 'done' : `otherwise: ${result.status} ${message}`
}

/** What became of each task that was given to one worker. */
class Census {
  readonly complaints: string[] = []
  readonly counts: Record<string, number> = {}
  readonly #ways = new Map<string, string[]>()

  answer({ path, body }: SeenRequest, { status, text }: SeenAnswer): void {
    if (status !== 200) return
    if (path.endsWith('/tasks/next')) this.#ways.set(JSON.parse(text).task_id, [])
    if (!path.endsWith('/tasks/result')) return
    const { task_id: taskId, status: own, error, result = { status: own, error } } = JSON.parse(body)
    this.#ways.get(taskId)?.push(wayOf(result))
  }

  /** The worker has ended, and left this. */
  close(journal: string): void {
    const { state } = replay(readFileSync(journal))
    for (const [taskId, ways] of this.#ways) {
      if (state.has(taskId)) ways.push('kept for the next start')
      if (ways.length !== 1 || ways[0]?.startsWith('otherwise'))
        this.complaints.push(`${taskId}: ${ways.join() || 'gone'}`)
      for (const way of ways) this.counts[way] = (this.counts[way] ?? 0) + 1
    }
    this.#ways.clear()
  }
}

const taskOf = (n: number, dice: () => number) => ({
  task: n % 4 === 0 ? 'narrow' : 'short',
  // One in forty does not care that it is to end.
  params: {
    ms: Math.floor(dice() * (n % 10 === 0 ? 1_500 : 60)),
    ...(n % 40 === 7 ? { ms: DEAF_MS } : { heeds: true }),
  },
})

test(`told to end at ${SIGTERMS} moments under load, a worker ends in time, and each of its tasks in one way (SEED=${SEED})`, async () => {
  const orchestrator = await startOrchestrator({ pollHoldMs: 200, waitForWorker: true })
  onTestFinished(() => orchestrator.close())
  const dice = seededDice(SEED)
  const feed = new JobFeed(orchestrator, {
    jobs: Number.POSITIVE_INFINITY,
    width: 60,
    timeoutMs: 4_000,
    dice,
    taskOf,
  })
  await feed.start()
  const lanes = Array.from({ length: LANES }, (_, lane) => runLane(lane, orchestrator.url))
  const found = await Promise.all(lanes)
  feed.stop()
  const counts: Record<string, number> = {}
  for (const census of found)
    for (const [way, count] of Object.entries(census.counts)) counts[way] = (counts[way] ?? 0) + count
  const slowestMs = Math.round(Math.max(...found.map(({ slowestMs }) => slowestMs)))
  console.log(JSON.stringify({ ends: SIGTERMS, slowestMs, ...counts }))
  expect(found.flatMap(({ complaints }) => complaints)).toEqual([])
}, 900_000)

/** One worker after the other, each told to end at a moment of its own. */
const runLane = async (lane: number, target: string) => {
  const dice = seededDice(SEED + lane)
  const census = new Census()
  const folder = temporaryFolder()
  let doom = () => {}
  let left = Number.POSITIVE_INFINITY
  const proxy = await FaultProxy.to(target, {
    plan: () => {
      if (--left === 0) setTimeout(doom, dice() * 10)
      return PASS
    },
    onAnswer: (seen, answer) => census.answer(seen, answer),
  })
  onTestFinished(() => proxy.close())
  const enter = () =>
    new WorkerLife(
      {
        ORCHESTRATOR_URL: proxy.url,
        WORKER_ID: `w${lane}`,
        WORKER_STATE_DIR: folder,
        MAX_CONCURRENT_TASKS: '5',
        WORKER_SHUTDOWN_TIMEOUT: String(GRACE_MS / 1_000),
      },
      () => {},
    )
  let slowestMs = 0
  let next = enter()
  for (let end = 0; end < SIGTERMS / LANES; end++) {
    const life = next
    let toldMs = 0
    doom = () => {
      toldMs = performance.now()
      life.signal('SIGTERM')
    }
    left = 1 + Math.floor(dice() * LONGEST_LIFE_REQUESTS)
    life.begin()
    next = enter()
    const { code, signal, complaint } = await life.ended
    const ms = performance.now() - toldMs
    slowestMs = Math.max(slowestMs, ms)
    if (ms > LIMIT_MS || signal || complaint)
      census.complaints.push(`${lane}.${end}: ${code} ${signal} after ${ms} ms ${complaint}`)
    census.close(join(folder, 'journal.log'))
  }
  next.signal('SIGKILL')
  return { ...census, slowestMs }
}
