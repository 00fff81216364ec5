import { describe, expect, it } from 'vitest'
import { openPage, picture } from '../support/browser/chromium.js'
import { isMissing, open, row, start, TOKEN, useBrowser, violations } from '../support/browser/page.js'

const browser = useBrowser()

describe.skipIf(isMissing)('the session of the page', () => {
  it('takes the token out of the address, and needs it no more after a reload', async () => {
    const { page, errors } = await open(browser(), await start())
    expect(page.url()).not.toContain(TOKEN)
    expect(await page.evaluate('document.cookie')).toBe('')
    await page.reload()
    await page.getByText('No jobs yet').waitFor()
    expect(errors).toEqual([])
    await picture(page, 'empty')
  })

  it('asks for the token without one, and opens with the right one', async () => {
    const orchestrator = await start()
    const { page } = await openPage(browser())
    await page.goto(`${orchestrator.url}/#token=guessed`)
    await page.getByLabel('Or paste the client token').fill('guessed')
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('This is not the client token').waitFor()
    await picture(page, 'locked')
    expect(await violations(page)).toEqual([])
    await page.getByLabel('Or paste the client token').fill(TOKEN)
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('No jobs yet').waitFor()
  })

  it('connects again after a restart, shows what is true then, and says when it needs another token', async () => {
    const first = await start()
    const { port } = first
    await first.createJob({ task: 'of-the-first' })
    const { page, errors } = await open(browser(), first)
    await row(page, 'of-the-first').waitFor()
    await first.close()
    await page.getByText('Reconnecting').waitFor()
    await picture(page, 'lost')
    const second = await start({ port })
    await second.createJob({ task: 'of-the-second' })
    await row(page, 'of-the-second').waitFor()
    expect(await row(page, 'of-the-first').count()).toBe(0)
    await second.close()
    await start({ port, clientToken: 'another' })
    await page.getByText('Open the link of the terminal').waitFor()
    expect(errors).toEqual([])
  })
})
