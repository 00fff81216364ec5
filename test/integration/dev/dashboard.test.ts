import { Worker, WorkerConfig } from 'avtomatika-worker'
import { startOrchestrator } from 'avtomatika-worker/dev'
import { expect, it, onTestFinished } from 'vitest'
import { nextEvent } from '../../support/next-event.js'

/** The cells of each row, without the headings. */
const rowsOf = (html: string) =>
  html
    .split('<tr>')
    .filter((row) => row.startsWith('<td>'))
    .map((row) => row.replace('</table>', '').split('<h2>')[0]?.split('<td>').slice(1))

const start = async () => {
  const orchestrator = await startOrchestrator({ clientToken: 'of-the-client' })
  onTestFinished(() => orchestrator.close())
  const look = (query: string) => fetch(`${orchestrator.url}/${query}`)
  const work = async (WORKER_ID: string, ORCHESTRATOR_PROTOCOL: 'classic' | 'rxon', workerType: string) => {
    const config = new WorkerConfig({
      ...{ WORKER_ID, ORCHESTRATOR_PROTOCOL },
      ORCHESTRATOR_URL: orchestrator.url,
      LOG_LEVEL: 'silent',
    })
    const worker = new Worker({ workerType, config })
    worker.task(`task-of-${WORKER_ID}`, (_, { progress }) => {
      progress(0.5, '<b>half</b>')
      return {}
    })
    onTestFinished(() => worker.stop({ pollGraceMs: 0 }))
    await worker.start()
    await orchestrator.waitForWorker(`task-of-${WORKER_ID}`)
    return worker
  }
  return { orchestrator, look, work }
}

it('shows which generation each worker speaks', async () => {
  const { look, work } = await start()
  await work('w1', 'classic', 'old')
  await work('w2', 'rxon', '<script>&')
  const answer = await look('?token=of-the-client')
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(rowsOf(await answer.text())).toEqual([
    ['w1', 'old', 'classic', 'idle', '0', 'task-of-w1'],
    ['w2', '&#60;script>&#38;', 'rxon', 'idle', '0', 'task-of-w2'],
  ])
})

it('shows the jobs, without what they are about', async () => {
  const { orchestrator, look, work } = await start()
  const worker = await work('w2', 'rxon', 'new')
  const delivered = nextEvent(worker, 'resultDelivered')
  const { id } = await orchestrator.createJob({ task: 'task-of-w2', params: { password: 'of-a-user' } })
  await delivered
  await orchestrator.waitForJob(id)
  const html = await (await look('?token=of-the-client')).text()
  expect(rowsOf(html).at(-1)).toEqual([
    ...[id, 'task-of-w2', 'finished', 'w2'],
    expect.stringMatching(/^(|&#60;b>half&#60;\/b>)$/),
  ])
  expect(html).not.toMatch(/of-a-user|of-the-client|your-secret/)
})

it('shows the newest fifty jobs', async () => {
  const { orchestrator, look, work } = await start()
  await work('w1', 'classic', 'old')
  const ids: string[] = []
  for (let n = 0; n < 51; n++) {
    const { id } = await orchestrator.createJob({ task: 'task-of-w1', params: {} })
    ids.push(id)
  }
  const html = await (await look('?token=of-the-client')).text()
  const jobs = rowsOf(html).filter((row) => row?.[1] === 'task-of-w1')
  expect(jobs.map((row) => row?.[0]).sort()).toEqual(ids.slice(1).sort())
})

it.each(['', '?token=', '?token=guessed'])('is shown to nobody without the token: /%s', async (query) => {
  const { look, work } = await start()
  await work('w1', 'classic', 'old')
  const answer = await look(query)
  expect(answer.status).toBe(401)
  expect(await answer.text()).not.toContain('w1')
})
