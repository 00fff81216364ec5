import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { StandIn } from '../integration/journal/stand-in.js'
import { WorkerProcess } from '../integration/journal/worker-process.js'
import { temporaryFolder } from '../support/temporary-folder.js'

/** The same seed gives the same moments: SEED=… npx vitest run --project chaos test/chaos/kills.test.ts */
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const KILLS = 10
const LONGEST_LIFE_MS = 400

/** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
const dice = (seed: number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const idsIn = (lives: readonly WorkerProcess[], word: string): string[] =>
  lives.flatMap(({ lines }) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1)),
  )

test(`killed at ${KILLS} moments (seed ${SEED}), a worker answers for every task it took, and repeats nothing that was acknowledged`, async () => {
  const roll = dice(SEED)
  const standIn = await StandIn.start()
  const variables = {
    ORCHESTRATOR_URL: standIn.url,
    WORKER_ID: 'w1',
    WORKER_STATE_DIR: temporaryFolder(),
    WORKER_POLL_FENCE: 'off',
    MAX_CONCURRENT_TASKS: '5',
  }
  const lives: WorkerProcess[] = []
  const again: string[] = []
  for (let kill = 0; kill <= KILLS; kill++) {
    const acknowledged = new Set(idsIn(lives, 'delivered'))
    const before = standIn.deliveries.length
    const life = await WorkerProcess.start(variables)
    lives.push(life)
    for (let n = 0; n < 30; n++) standIn.offer('wait', { ms: Math.floor(roll() * 20) })
    if (kill < KILLS) {
      // A moment is the point of it: nothing that could be waited for marks it.
      await pause(roll() * LONGEST_LIFE_MS)
      await life.kill()
    } else await life.says(`delivered ${standIn.offer('echo')}`)
    again.push(
      ...standIn.deliveries
        .slice(before)
        .map(({ task_id }) => task_id)
        .filter((id) => acknowledged.has(id)),
    )
  }
  for (const id of new Set(idsIn(lives, 'took'))) await standIn.delivered(id)
  expect(again).toEqual([])
  expect(idsIn(lives, 'took').length).toBeGreaterThan(KILLS)
})
