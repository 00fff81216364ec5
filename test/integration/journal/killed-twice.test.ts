import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { GENERATIONS, TAKES_NOTHING } from '../../support/generations.js'
import { eventually } from '../../support/interop/eventually.js'
import { setUp } from './set-up.js'

const STANDBY = 'w1-standby'

describe.each(GENERATIONS)('worker processes at an orchestrator of the generation %s', (generation) => {
  test('write into the journal for how long the orchestrator may hold a poll', async () => {
    const { standIn, folder, start } = await setUp(generation, { TASK_POLL_TIMEOUT: '2' })
    await start()
    await standIn.untilPoll('w1')
    const holdMs = { classic: 2_000, rxon: 33_000 }[generation]
    expect(readFileSync(join(folder, 'journal.log'), 'utf8')).toContain(`"holdMs":${holdMs}`)
  })

  /** The first worker was killed while it polled. The second one polls under both ids. */
  const startSecond = async () => {
    // Far longer than a process takes to start on a busy machine.
    const { standIn, start } = await setUp(generation, { WORKER_POLL_FENCE: 'on', TASK_POLL_TIMEOUT: '60' })
    const first = await start()
    await standIn.untilPoll('w1')
    await first.kill()
    const second = await start()
    await standIn.untilPoll('w1')
    await standIn.untilPoll(STANDBY)
    return { standIn, start, second }
  }

  test('take no tasks under either id after a second kill, until a poll that was held comes back', async () => {
    const { standIn, start, second } = await startSecond()
    await second.kill()
    standIn.heartbeats.length = 0
    standIn.holdMs = 1_000
    const third = await start()
    for (const workerId of ['w1', STANDBY]) {
      await eventually(`a heartbeat of ${workerId}`, () => standIn.lastHeartbeat(workerId))
      const [firstHeartbeat] = standIn.heartbeats.filter(({ worker_id }) => worker_id === workerId)
      expect(firstHeartbeat).toMatchObject({ status: TAKES_NOTHING[generation] })
    }
    await standIn.untilHeartbeat('w1', 'idle')
    await standIn.untilHeartbeat(STANDBY, TAKES_NOTHING[generation])
    await third.says(`delivered ${standIn.offer('echo')}`)
  })

  test('hand back a task that was taken under the standby id', async () => {
    const { standIn, start, second } = await startSecond()
    const id = standIn.offer('hang', {}, STANDBY)
    await second.says(`hangs ${id}`)
    await second.kill()
    standIn.holdMs = 1_000
    await start()
    expect(await standIn.delivered(id)).toMatchObject([
      {
        worker_id: STANDBY,
        result: { status: 'failure', error: { message: 'The worker restarted before the task ended' } },
      },
    ])
  })
})
