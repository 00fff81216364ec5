import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { GENERATIONS } from '../../support/generations.js'
import { eventually } from '../../support/interop/eventually.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { StandIn } from './stand-in.js'
import { WorkerProcess } from './worker-process.js'

describe.each(GENERATIONS)('with an orchestrator of the generation %s', (generation) => {
  const setUp = async () => {
    const standIn = await StandIn.start(generation)
    const home = temporaryFolder()
    const start = (more: NodeJS.ProcessEnv = {}) =>
      WorkerProcess.start({ ORCHESTRATOR_URL: standIn.url, XDG_STATE_HOME: home, ...more })
    const folders = () => readdirSync(join(home, 'avtomatika-worker')).sort()
    return { standIn, start, folders, home }
  }

  const idOf = (worker: WorkerProcess): string => worker.lines[0]?.replace('started ', '') ?? ''

  test('a worker with a generated id reports the tasks of a dead worker under the id of the dead worker', async () => {
    const { standIn, start, folders } = await setUp()
    standIn.resultAnswer = 'never'
    const first = await start()
    const hanging = standIn.offer('hang')
    await first.says(`hangs ${hanging}`)
    const done = standIn.offer('echo', { n: 1 })
    await standIn.delivered(done)
    await first.kill()
    standIn.deliveries.length = 0
    standIn.resultAnswer = 200

    const second = await start()
    const workerId = idOf(first)
    expect(idOf(second)).not.toBe(workerId)
    expect(await standIn.delivered(done)).toMatchObject([{ worker_id: workerId, result: { data: { n: 1 } } }])
    expect(await standIn.delivered(hanging)).toMatchObject([
      { worker_id: workerId, result: { error: { message: 'The worker restarted before the task ended' } } },
    ])
    expect(folders()).toEqual([idOf(second)])
    await second.says(`delivered ${done}`)
    await second.says(`delivered ${hanging}`)
    await second.stop()
    await eventually('no folder is left', () => folders().length === 0)
  })

  test('§2.6.8 a worker whose adopted results are refused goes on with its own tasks', async () => {
    const { standIn, start } = await setUp()
    standIn.resultAnswer = 'never'
    const first = await start()
    const left = standIn.offer('echo')
    await standIn.delivered(left)
    await first.kill()
    standIn.resultAnswer = ({ worker_id }) => (worker_id === idOf(first) ? 403 : 200)
    const second = await start()
    await standIn.delivered(left, 2)
    const own = standIn.offer('echo')
    await second.says(`delivered ${own}`)
  })

  test('a worker does not adopt a living worker, a worker with a fixed id, or a worker of another orchestrator', async () => {
    const { standIn, start, folders, home } = await setUp()
    const other = await StandIn.start(generation)
    other.resultAnswer = 'never'
    const alive = await start()
    const named = await start({ WORKER_ID: 'named' })
    const elsewhere = await start({ ORCHESTRATOR_URL: other.url })
    const running = standIn.offer('hang')
    const waiting = standIn.offer('hang')
    for (const id of [running, waiting])
      await eventually('a handler hangs', () =>
        [alive, named].some((one) => one.lines.includes(`hangs ${id}`)),
      )
    const lost = other.offer('echo')
    await other.delivered(lost)
    await named.kill()
    await elsewhere.kill()

    const last = await start()
    const id = standIn.offer('echo')
    await standIn.delivered(id)
    expect(standIn.deliveries.map(({ task_id }) => task_id)).toEqual([id])
    expect(folders()).toEqual(['named', ...[alive, elsewhere, last].map(idOf)].sort())
    expect(existsSync(join(home, 'avtomatika-worker', idOf(elsewhere), 'journal.log'))).toBe(true)
  })
})
