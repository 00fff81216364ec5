import { expect, onTestFinished, test } from 'vitest'
import { ClientJobFeed } from '../support/chaos/client-job-feed.js'
import { SEED, seededDice } from '../support/chaos/dice.js'
import { OrchestratorKills } from '../support/chaos/orchestrator-kills.js'
import { Ordeal } from '../support/chaos/ordeal.js'
import { checkEnvironment, mayNotSkip, startOnRedis } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import { isForgotten } from '../support/interop/forgotten-jobs.js'

/** `CHAOS_TASKS=1000` is the whole of it, and takes some minutes. */
const TASKS = Number(process.env['CHAOS_TASKS'] ?? 150)
const TASKS_A_KILL = 50
/** What an orchestrator gives a task: those that are lost on their way to the worker end by it. */
const TASK_TIMEOUT_MS = 8_000

const LONGEST_TASK_MS = 100
/** How often a job is looked for in vain before it counts as forgotten. */
const SWEEPS_TO_BE_SURE = 10

test.for(['1.0b8', '1.0b30'])(
  `${TASKS} tasks over %s on Redis, which is killed as its worker is: none is lost, none is settled twice (SEED=${SEED})`,
  { timeout: 900_000 },
  async (version, { skip }) => {
    const missing = await checkEnvironment()
    if (missing !== undefined && !mayNotSkip()) return skip(missing)
    const orchestrator = await startOnRedis(version, {
      watchEveryMs: 1_000,
      reclaimMs: 2_000,
      waitForWorker: true,
    })
    onTestFinished(() => orchestrator.stop())
    const { generation, secretKey, workerToken, redis } = orchestrator
    if (!redis) throw new Error('it has no Redis')
    const kills = Math.ceil(TASKS / TASKS_A_KILL)
    const outages = new OrchestratorKills({
      kills,
      results: 0.8 * TASKS,
      dice: seededDice(SEED + 2),
      jobs: () => feed.ids,
      restart: () => orchestrator.restart('SIGKILL'),
    })
    const ordeal = await Ordeal.before(orchestrator.url, {
      ...{ seed: SEED, tasks: TASKS, kills, longestLifeMs: 8_000 },
      variables: {
        ORCHESTRATOR_PROTOCOL: generation,
        ORCHESTRATOR_SECRET_KEY: secretKey,
        WORKER_TOKEN: workerToken,
      },
      hasOutages: true,
      onRequest: (seen) => outages.request(seen),
    })
    const { witness } = ordeal
    const feed = new ClientJobFeed(orchestrator.client, {
      ...{ jobs: TASKS, width: 30, timeoutMs: TASK_TIMEOUT_MS, longestMs: LONGEST_TASK_MS },
      dice: seededDice(SEED + 1),
    })
    const lastTaskOf = (id: string) => feed.last(id)?.current_task_id ?? ''
    const isRest = () => witness.open.length === 0 && outages.areOver
    let sweeps = 0
    // One that is being moved at this moment looks the same.
    const areForgotten = async (open: readonly string[]) => {
      const found = await Promise.all(open.map((id) => isForgotten(redis, id)))
      sweeps = isRest() && !found.includes(false) ? sweeps + 1 : 0
      return sweeps === SWEEPS_TO_BE_SURE
    }
    await Promise.all([feed.run(areForgotten), ordeal.killAll()])
    await eventually('every task is settled', isRest, {}, () => witness.open)
    await ordeal.end()
    console.log(
      JSON.stringify({
        ...{ version, kills, orchestratorKills: outages.done, requests: ordeal.requests },
        ...{ jobs: feed.ends(), unanswered: feed.unanswered, ...witness.figures },
        forgotten: feed.open.map((id) => witness.answerTo(lastTaskOf(id))),
      }),
    )
    expect(witness.complaints).toEqual([])
    const odd = Object.keys(feed.ends()).filter((end) => end.startsWith('otherwise'))
    expect(odd, witness.said.join('\n')).toEqual([])
    expect(outages.done).toBe(kills)
    // Whatever stands still has its worker's answer, or was never given to it: it is the orchestrator that has lost it.
    for (const id of feed.open) expect(witness.answerTo(lastTaskOf(id))).not.toBe('not taken')
    // It loses what it is about to do when it is killed, and else nothing.
    expect(feed.open.filter((id) => !outages.hasHit(id))).toEqual([])
  },
)
