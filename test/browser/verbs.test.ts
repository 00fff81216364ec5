import { describe, expect, it } from 'vitest'
import { picture } from '../support/browser/chromium.js'
import { isMissing, open, row, start, useBrowser, violations, work } from '../support/browser/page.js'

const browser = useBrowser()

describe.skipIf(isMissing)('what the page does', () => {
  it('sends a task by the form of its schema, and shows its result, timeline and log', async () => {
    const orchestrator = await start()
    await work(orchestrator)
    const { page, errors } = await open(browser(), orchestrator)
    await page.getByRole('button', { name: 'Send a task' }).first().click()
    await page.getByLabel('Task', { exact: true }).fill('resize')
    await page.getByText('Makes a picture smaller').waitFor()
    await page.getByLabel('url').fill('https://example.test/a.png')
    await page.getByLabel('width').fill('640')
    await page.getByLabel('format').selectOption('png')
    await picture(page, 'send-form')
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('heading', { name: 'Result' }).waitFor()
    const result = await page.getByLabel('Result', { exact: true }).textContent()
    expect(JSON.parse(result ?? '')).toEqual({ width: 640, format: 'png' })
    const [job] = orchestrator.jobs()
    const params = { url: 'https://example.test/a.png', width: 640, format: 'png', keepRatio: true }
    expect(job?.params).toEqual(params)
    const steps = ['Created', 'Queued for w1', 'Taken by w1', 'Ended']
    expect(await page.locator('.step strong').allTextContents()).toEqual(steps)
    await page.locator('.log-text', { hasText: '<img src=x onerror=alert(1)>' }).waitFor()
    expect(new URL(page.url()).search).toContain(job?.id ?? '?')
    await picture(page, 'job-done')
    expect(errors).toEqual([])
  })

  it('runs jobs again with edited params, and keeps all digits of large integers', async () => {
    const orchestrator = await start()
    const { id } = await orchestrator.createJob({ task: 'later', params: { n: 9_007_199_254_740_993n } })
    const { page, errors } = await open(browser(), orchestrator, `?job=${id}`)
    await page.getByRole('button', { name: 'Run again…' }).click()
    const editor = page.getByRole('textbox', { name: 'Params' })
    expect(await editor.inputValue()).toContain('9007199254740993')
    await editor.fill('{"n": 1')
    await page.getByText('This is no JSON').first().waitFor()
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    expect(orchestrator.jobs()).toHaveLength(1)
    await editor.fill('{"n": 9007199254740995}')
    await page.getByLabel('How many').fill('3')
    await page.getByRole('button', { name: 'Send 3 tasks' }).click()
    await page.getByText('Sent 3 tasks.').waitFor()
    const sent = Array(3).fill(9_007_199_254_740_995n)
    expect(orchestrator.jobs().map(({ params }) => params['n'])).toEqual([...sent, 9_007_199_254_740_993n])
    expect(errors).toEqual([])
  })

  it('shows a running job with its worker and progress, and cancels it', async () => {
    const orchestrator = await start()
    await work(orchestrator)
    const { id } = await orchestrator.createJob({ task: 'hold' })
    const { page, errors } = await open(browser(), orchestrator)
    await row(page, 'on w1 · 42 %').waitFor()
    await row(page, 'hold').click()
    await page.getByRole('progressbar').waitFor()
    await picture(page, 'job-running')
    await page.getByRole('button', { name: 'Cancel job' }).click()
    await page.locator('.panel .badge', { hasText: 'cancelled' }).waitFor()
    expect(['waiting_for_worker', 'pending']).not.toContain(orchestrator.job(id)?.status)
    expect(errors).toEqual([])
  })

  it('clears the jobs that have ended', async () => {
    const orchestrator = await start()
    const { id } = await orchestrator.createJob({ task: 'ended' })
    await orchestrator.createJob({ task: 'open' })
    await orchestrator.cancelJob(id)
    const { page } = await open(browser(), orchestrator)
    await row(page, 'cancelled').waitFor()
    await page.getByRole('button', { name: 'Clear ended' }).click()
    await row(page, 'cancelled').waitFor({ state: 'detached' })
    expect(orchestrator.jobs().map(({ task }) => task)).toEqual(['open'])
  })

  it('forgets the workers', async () => {
    const orchestrator = await start()
    await work(orchestrator)
    const { page } = await open(browser(), orchestrator, '?view=faults')
    await page.getByRole('button', { name: 'Forget all workers' }).click()
    await page.getByText('Forget the workers: started.').waitFor()
    expect(orchestrator.workers()).toEqual([])
  })

  it.each([
    ['Cut the connections', undefined, 'cut'],
    ['Answer with an error', '429 too many requests', '429'],
    ['Answer with an error', '500 internal error', '500'],
    ['Delay', undefined, 'delay'],
    ['Answer never, or in pieces', 'broken JSON', 'bad-json'],
    ['Duplicate an offer', undefined, 'duplicate-offer'],
    ['Lose an acknowledgement', undefined, 'lost-acknowledgement'],
    ['Drop the sockets', undefined, 'socket-drop'],
  ])('breaks things until it is stopped: %s %s', async (title, which, name) => {
    const orchestrator = await start()
    const { page, errors } = await open(browser(), orchestrator, '?view=faults')
    const card = page.locator('.fault', { has: page.getByRole('heading', { name: title }) })
    if (which !== undefined) await card.getByLabel('Which').selectOption(which)
    const seconds = card.getByLabel('For')
    if ((await seconds.count()) > 0) await seconds.fill('3600')
    await card.getByRole('button').click()
    await page.locator('.active-faults', { hasText: name }).waitFor()
    expect(orchestrator.faults.active.map((fault) => fault.name)).toEqual([name])
    await picture(page, `fault-${name}`)
    await page.getByRole('button', { name: 'Stop all' }).click()
    await page.getByText('Nothing is broken').waitFor()
    expect(orchestrator.faults.active).toEqual([])
    expect(errors).toEqual([])
  })

  it('shows how long a fault goes on', async () => {
    const orchestrator = await start()
    const { page } = await open(browser(), orchestrator, '?view=faults')
    orchestrator.faults.start('delay', { forMs: 3_600_000, routes: ['poll'] })
    await page.getByText('1 h 0 min left of 1 h 0 min, 0 hits so far').waitFor()
    orchestrator.advanceClock(1_800_000)
    await page.getByText(/(?:30|29) min(?: \d+ s)? left of 1 h 0 min/).waitFor()
    await picture(page, 'fault-time-left')
    orchestrator.faults.start('500', { times: 3, routes: ['result'] })
    await page.getByText('3 left of 3, 0 hits so far').waitFor()
    orchestrator.advanceClock(1_800_000)
    await page.locator('.active-faults', { hasText: 'delay' }).waitFor({ state: 'detached' })
    await page.locator('.active-faults', { hasText: '500' }).waitFor()
  })

  it('gives a task twice to a worker, which does it once', async () => {
    const orchestrator = await start()
    await work(orchestrator)
    const { page } = await open(browser(), orchestrator, '?view=faults')
    await page.getByRole('button', { name: /Duplicate an offer/ }).click()
    await page.locator('.active-faults', { hasText: 'duplicate-offer' }).waitFor()
    const { id } = await orchestrator.createJob({ task: 'resize', params: { url: 'a', format: 'png' } })
    await orchestrator.waitForJob(id)
    await page.getByText('Nothing is broken').waitFor()
    await page.getByRole('link', { name: /^Jobs/ }).click()
    await row(page, 'resize').click()
    const ofHandler = page.locator('.log', { hasText: 'fetched' })
    await ofHandler.first().waitFor()
    expect(await ofHandler.count()).toBe(1)
  })
})
