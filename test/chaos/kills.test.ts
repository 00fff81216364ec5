import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { StandIn } from '../integration/journal/stand-in.js'
import { WorkerProcess } from '../integration/journal/worker-process.js'
import { SEED, seededDice } from '../support/chaos/dice.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const KILLS = 10
const LONGEST_LIFE_MS = 400

const idsIn = (lives: readonly WorkerProcess[], word: string): string[] =>
  lives.flatMap(({ lines }) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1)),
  )

test(`killed at ${KILLS} moments (seed ${SEED}), a worker answers for every task it took, and repeats nothing that was acknowledged`, async () => {
  const roll = seededDice(SEED)
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
