import { expect, test, vi } from 'vitest'
import { type Call, RawOrchestrator, type Reply } from '../../support/raw-orchestrator.js'
import { gate, holdTime, testWorker } from '../../support/test-worker.js'

const CUTS: readonly (Reply | 'reset')[] = [
  { status: 504, body: '<html>504 Gateway Time-out</html>' },
  { status: 502, body: '' },
  { status: 503, body: '<html>No server</html>' },
  { status: 408, body: '' },
  'reset',
]
const nameOf = (cut: Reply | 'reset') => (typeof cut === 'string' ? cut : `${cut.status}`)

/** A worker whose polls the test ends one by one. The journal would delay the first poll. */
const setUp = async (urls: (main: string) => object = () => ({})) => {
  const main = await RawOrchestrator.start()
  const open: ((end: Reply | 'reset') => void)[] = []
  main.answers('poll', () => {
    const { opened, open: end } = gate<Reply | 'reset'>()
    open.push(end)
    return opened as Promise<Reply>
  })
  const variables = {
    TASK_POLL_ERROR_DELAY: 5,
    HEARTBEAT_INTERVAL: 15,
    WORKER_JOURNAL: false,
    ...urls(main.url),
  }
  const made = testWorker({ url: main.url, variables, maxConcurrentTasks: 1 })
  made.worker.task('echo', (params) => ({ data: params }))
  holdTime()
  await made.worker.start()
  await main.answered('heartbeat')
  let poll: Call = await main.next('poll')
  return {
    main,
    ...made,
    /** Ends the open poll after so many seconds. */
    end: async (seconds: number, how: Reply | 'reset') => {
      await vi.advanceTimersByTimeAsync(seconds * 1_000)
      await main.fence()
      open.shift()?.(how)
      await poll.closed
      await main.fence()
    },
    /** The next poll comes without a pause but the usual one. */
    pollsAtOnce: async () => {
      await vi.advanceTimersByTimeAsync(10)
      poll = await main.next('poll')
    },
  }
}

test.each(CUTS.map((cut) => [nameOf(cut), cut] as const))(
  '§1.4.10 polls that a proxy ends with %s after seconds are empty polls, and one line says so',
  async (_, cut) => {
    const { worker, main, end, pollsAtOnce, logged } = await setUp()
    for (let round = 0; round < 5; round++) {
      await end(7, cut)
      expect(worker.readiness.ready).toBe(true)
      await pollsAtOnce()
    }
    const lines = logged('warn')
    expect(lines.map(({ msg }) => msg)).toEqual([
      expect.stringContaining('allow at least 35 s without a byte'),
    ])
    expect(lines[0]?.err?.message).toContain('after 7 s')
    await end(7, { body: { job_id: 'j', task_id: 't', type: 'echo', params: { n: 1 } } })
    expect((await main.next('result')).body).toMatchObject({ task_id: 't', result: { data: { n: 1 } } })
  },
)

test('§1.4.10 a single cut is no reason for a warning, nor is one after a poll that was answered', async () => {
  const { end, pollsAtOnce, logged } = await setUp()
  for (let round = 0; round < 3; round++) {
    await end(7, 'reset')
    await pollsAtOnce()
    await end(7, { status: 204 })
    await pollsAtOnce()
  }
  expect(logged('warn')).toEqual([])
})

test('§1.4.10 failover stays calm: five cuts in a row leave the first orchestrator in use', async () => {
  const spare = await RawOrchestrator.start()
  const { end, pollsAtOnce } = await setUp((url) => ({
    ORCHESTRATORS_CONFIG: [{ url }, { url: spare.url, priority: 20 }],
  }))
  for (let round = 0; round < 5; round++) {
    await end(7, { status: 504, body: '' })
    await pollsAtOnce()
  }
  expect(spare.calls()).toEqual([])
})

test('§1.4.10 a poll that ends so at once has failed, and so has one while heartbeats fail', async () => {
  const { main, end, said } = await setUp()
  await end(0.5, { status: 504, body: '' })
  expect((await said('Poll failed')).err?.message).toContain('504')

  const other = await setUp()
  other.main.answers('heartbeat', { status: 502, body: '' })
  await vi.advanceTimersByTimeAsync(15_000)
  await other.main.next('heartbeat')
  await other.said('Heartbeat failed')
  await other.end(7, { status: 502, body: '' })
  expect((await other.said('Poll failed')).err?.message).toContain('502')
  await main.close()
})
