import { type Generation, startOrchestrator } from 'avtomatika-worker/dev'
import { expect, onTestFinished, test } from 'vitest'
import { SEED, seededDice } from '../support/chaos/dice.js'
import { JobFeed } from '../support/chaos/job-feed.js'
import { Ordeal } from '../support/chaos/ordeal.js'
import { eventually } from '../support/interop/eventually.js'

/** `CHAOS_TASKS=10000` is the whole of it, and takes a minute and a half. */
const TASKS = Number(process.env['CHAOS_TASKS'] ?? 2_000)
const TASKS_A_KILL = 200
/** What an orchestrator gives a task: those that are lost on their way to the worker end by it. */
const TASK_TIMEOUT_MS = 4_000
const LONGEST_TASK_MS = 60
const SECRET_KEY = 'key-of-the-orchestrator'

test.each<[number, Generation]>([
  [TASKS, 'classic'],
  [TASKS / 5, 'rxon'],
])(
  `%i tasks over %s, through faults and kills: none is lost, none is settled twice (SEED=${SEED})`,
  async (tasks, generation) => {
    const orchestrator = await startOrchestrator({
      generation,
      secretKey: SECRET_KEY,
      pollHoldMs: 300,
      waitForWorker: true,
    })
    onTestFinished(() => orchestrator.close())
    const kills = Math.ceil(tasks / TASKS_A_KILL)
    const key = generation === 'rxon' && { ORCHESTRATOR_SECRET_KEY: SECRET_KEY }
    const variables = { ORCHESTRATOR_PROTOCOL: generation, ...key }
    const ordeal = await Ordeal.before(orchestrator.url, { seed: SEED, tasks, kills, variables })
    const feed = new JobFeed(orchestrator, {
      ...{ jobs: tasks, width: 300, timeoutMs: TASK_TIMEOUT_MS, longestMs: LONGEST_TASK_MS },
      dice: seededDice(SEED + 1),
    })
    const { witness } = ordeal
    await feed.start()
    await ordeal.killAll()
    await eventually(
      'every job has ended, and every task is settled',
      () => feed.isOver && witness.open.length === 0,
      { deadlineMs: 60_000 },
      () => [feed.ends(), witness.open],
    )
    await ordeal.end()
    console.log(JSON.stringify({ kills, requests: ordeal.requests, jobs: feed.ends(), ...witness.figures }))
    expect(witness.complaints).toEqual([])
    expect(feed.isOver).toBe(true)
    expect(Object.keys(feed.ends()).filter((end) => end.startsWith('otherwise'))).toEqual([])
  },
  600_000,
)
