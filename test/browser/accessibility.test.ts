import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { picture } from '../support/browser/chromium.js'
import {
  isMissing,
  type Orchestrator,
  open,
  row,
  start,
  useBrowser,
  violations,
  work,
} from '../support/browser/page.js'

const browser = useBrowser()

/** The views besides the jobs, and an element that each shows when it is complete. */
const VIEWS = [
  ['workers', '.card'],
  ['queue', '.card'],
  ['activity', '.chart canvas'],
  ['faults', '.fault'],
] as const

/** Looks at one state of the page. */
const look = async (page: Page, name: string): Promise<void> => {
  await picture(page, name)
  expect.soft(await violations(page), name).toEqual([])
  const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
  expect.soft(overflow, name).toBeLessThanOrEqual(0)
}

/** Jobs of each kind. */
const jobsOf = async (orchestrator: Orchestrator) => {
  const failed = await orchestrator.createJob({ task: 'break' })
  await orchestrator.waitForJob(failed.id)
  const done = await orchestrator.createJob({ task: 'resize', params: { url: 'a', format: 'png' } })
  await orchestrator.waitForJob(done.id)
  await orchestrator.createJob({ task: 'hold' })
  for (let n = 0; n < 3; n++) await orchestrator.createJob({ task: 'unknown' })
  return { failed: failed.id, done: done.id }
}

describe.skipIf(isMissing)('how the page is used', () => {
  it('with the keyboard alone', async () => {
    const orchestrator = await start()
    for (const task of ['a-job', 'b-job', 'c-job']) await orchestrator.createJob({ task })
    const { page } = await open(browser(), orchestrator)
    await row(page, 'c-job').waitFor()
    const focused = () => page.evaluate<string>('document.activeElement.textContent.trim()')
    for (let n = 0; n < 30 && !(await focused()).startsWith('○waiting'); n++) await page.keyboard.press('Tab')
    expect(await focused()).toContain('c-job')
    await page.keyboard.press('ArrowDown')
    expect(await focused()).toContain('b-job')
    await page.keyboard.press('Enter')
    await page.getByRole('complementary').waitFor()
    await expect.poll(focused).toBe('b-job')
    await page.keyboard.press('Escape')
    await page.getByRole('complementary').waitFor({ state: 'detached' })
    await expect.poll(focused).toContain('b-job')
    await page.getByRole('button', { name: 'Send a task' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.type('typed')
    for (let n = 0; n < 8 && (await focused()) !== 'Send'; n++) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'typed' }).waitFor()
    expect(orchestrator.jobs()[0]?.task).toBe('typed')
    await page.getByRole('button', { name: 'Send a task' }).click()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  describe.each(['light', 'dark'] as const)('in its %s theme', (colorScheme) => {
    it.each([1_400, 360])('without barriers, and with nothing beside the window: %i px', async (width) => {
      const orchestrator = await start()
      await work(orchestrator)
      const { failed, done } = await jobsOf(orchestrator)
      const viewport = { width, height: 800 }
      const { page, errors } = await open(browser(), orchestrator, '', { colorScheme, viewport })
      const name = (of: string) => `${colorScheme}-${width}-${of}`
      const goTo = async (query: string, shown: string) => {
        await page.goto(`${orchestrator.url}/?${query}`)
        await page.getByText('Live', { exact: true }).waitFor()
        await page.locator(shown).last().waitFor()
      }
      await row(page, 'on w1 · 42 %').waitFor()
      await look(page, name('jobs'))
      for (const [view, shown] of VIEWS) {
        await goTo(`view=${view}`, shown)
        await look(page, name(view))
      }
      await goTo(`job=${failed}`, '.timeline')
      await look(page, name('job-failed'))
      await goTo(`job=${done}`, '.timeline')
      await look(page, name('job-done'))
      await page.getByRole('button', { name: 'Run again…' }).click()
      await page.getByLabel('url').waitFor()
      await look(page, name('send'))
      expect(errors).toEqual([])
    })

    it('with its colors changed by the time the button names the new theme', async () => {
      const { page } = await open(browser(), await start(), '', { colorScheme })
      await page.getByRole('button', { name: 'Theme: auto' }).waitFor()
      const shown = await page.evaluate<string>(`new Promise((resolve) => {
        const button = [...document.querySelectorAll('button')].find((each) => each.textContent === 'Theme: auto')
        const look = () => resolve(button.textContent + ', shown: ' + document.documentElement.dataset.theme)
        new MutationObserver(look).observe(button, { characterData: true, subtree: true })
        button.click()
      })`)
      expect(shown).toBe('Theme: light, shown: light')
    })

    it('with the theme that was chosen against the system', async () => {
      const { page } = await open(browser(), await start(), '', { colorScheme })
      const back = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
      const before = await back()
      const other = colorScheme === 'light' ? 'dark' : 'light'
      const button = page.getByRole('button', { name: /^Theme/ })
      while ((await button.textContent()) !== `Theme: ${other}`) await button.click()
      expect(await back()).not.toBe(before)
      await page.reload()
      await page.getByRole('button', { name: `Theme: ${other}` }).waitFor()
      expect(await back()).not.toBe(before)
    })
  })
})
