import { describe, expect, it } from 'vitest'
import { openPage, picture } from '../support/browser/chromium.js'
import { HOSTILE, isMissing, open, row, start, TOKEN, useBrowser, work } from '../support/browser/page.js'

const browser = useBrowser()

/** Notes how long tasks took that blocked the page for more than 50 ms. */
const WATCH_LONG_TASKS = `
  globalThis.longTasks = []
  new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'longtask', buffered: true })`

describe.skipIf(isMissing)('what the page shows', () => {
  it('why a job failed, and each attempt', async () => {
    const orchestrator = await start()
    await work(orchestrator)
    const { id } = await orchestrator.createJob({ task: 'break' })
    await orchestrator.waitForJob(id)
    const { page, errors } = await open(browser(), orchestrator, `?job=${id}`)
    await page.locator('.callout', { hasText: 'cannot go on <img' }).waitFor()
    expect(await page.locator('.step strong', { hasText: 'Attempt failed' }).count()).toBe(3)
    await picture(page, 'job-failed')
    expect(errors).toEqual([])
  })

  it('jobs by the filter and the search in the address, and the ones before after Back', async () => {
    const orchestrator = await start()
    await work(orchestrator)
    const failed = await orchestrator.createJob({ task: 'break' })
    await orchestrator.waitForJob(failed.id)
    await orchestrator.createJob({ task: 'nobody-does-this' })
    const { page } = await open(browser(), orchestrator)
    await row(page, 'break').waitFor()
    await page.getByRole('button', { name: /^Failed/ }).click()
    expect(await page.locator('.job-row').count()).toBe(1)
    await page.getByRole('searchbox').fill('no such words')
    await page.getByText('No job matches').waitFor()
    expect(new URL(page.url()).search).toBe('?status=failed&q=no+such+words')
    await page.reload()
    await page.getByText('No job matches').waitFor()
    await page.getByRole('button', { name: 'Show all jobs' }).click()
    await row(page, 'nobody-does-this').waitFor()
    await page.goBack()
    await page.getByText('No job matches').waitFor()
  })

  it('workers, slots, and why a job does not start', async () => {
    const orchestrator = await start()
    await work(orchestrator)
    for (let n = 0; n < 3; n++) await orchestrator.createJob({ task: 'rezise' })
    const { page, errors } = await open(browser(), orchestrator, '?view=queue')
    await page.getByText('No worker offers "rezise": did you mean "resize"?').waitFor()
    await page.getByText('3 jobs not started').waitFor()
    await picture(page, 'queue')
    await page.getByRole('link', { name: /^Workers/ }).click()
    await page.getByRole('heading', { name: 'w1' }).waitFor()
    await page.locator('.badge', { hasText: 'ready' }).waitFor()
    await picture(page, 'workers')
    orchestrator.forgetWorkers()
    await page.getByText('The orchestrator forgot it.').waitFor()
    expect(errors).toEqual([])
  })

  it('charts, whose code is loaded with them', async () => {
    const orchestrator = await start()
    await work(orchestrator)
    const { id } = await orchestrator.createJob({ task: 'resize', params: { url: 'a', format: 'png' } })
    await orchestrator.waitForJob(id)
    const { page, errors } = await openPage(browser())
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await page.goto(`${orchestrator.url}/#token=${TOKEN}`)
    await page.getByText('Live', { exact: true }).waitFor()
    const chart = '/_page/files/vendor/uplot.js'
    expect(asked).not.toContain(chart)
    await page.getByRole('link', { name: 'Activity' }).click()
    await page.locator('.chart canvas').nth(1).waitFor()
    expect(asked).toContain(chart)
    await picture(page, 'activity')
    expect(errors).toEqual([])
  })

  it('hostile names, params and messages as text', async () => {
    const orchestrator = await start()
    const { id } = await orchestrator.createJob({
      task: HOSTILE,
      params: { [HOSTILE]: HOSTILE, ['__proto__']: 1, long: 'x'.repeat(300_000) },
      metadata: { [HOSTILE]: HOSTILE },
    })
    orchestrator.recordLog(JSON.stringify({ level: 50, jobId: id, msg: HOSTILE, err: { stack: HOSTILE } }))
    const { page, errors } = await open(browser(), orchestrator, `?job=${id}&q=${encodeURIComponent('<img')}`)
    page.on('dialog', (dialog) => errors.push(dialog.message()))
    await page.locator('.log-text', { hasText: '<img src=x' }).waitFor()
    await page.getByRole('link', { name: /^Queue/ }).click()
    await page.getByRole('heading', { name: '<img src=x' }).waitFor()
    expect(await page.locator('#app img:not(.brand img), #app script').count()).toBe(0)
    expect(errors).toEqual([])
  })

  it('5,000 jobs and their changes with a few rows at a time', async () => {
    const orchestrator = await start()
    for (let n = 0; n < 5_000; n++) await orchestrator.createJob({ task: `task-${n % 50}`, params: { n } })
    const { page, errors } = await open(browser(), orchestrator)
    await page.evaluate(WATCH_LONG_TASKS)
    await page.locator('.filter', { hasText: 'All5,000' }).waitFor()
    expect(await page.locator('.job-row').count()).toBeLessThan(80)
    const list = page.locator('.rows')
    for (let n = 0; n < 20; n++) await list.evaluate((box) => box.scrollBy(0, 10_000))
    await page.getByRole('searchbox').pressSequentially('task-17')
    await page.locator('.filter', { hasText: 'All100' }).waitFor()
    for (const { id } of orchestrator.jobs().slice(0, 1_000)) await orchestrator.cancelJob(id)
    await page.locator('.filter', { hasText: 'Cancelled20' }).waitFor()
    await picture(page, 'five-thousand')
    const longTasks = await page.evaluate<number[]>('longTasks')
    console.log(`long tasks with 5,000 jobs, in ms: ${longTasks.join(', ') || 'none'}`)
    expect(errors).toEqual([])
  })
})
