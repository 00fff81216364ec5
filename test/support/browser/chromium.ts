import { accessSync, constants, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The browser of this machine, or `undefined`. `CHROMIUM` names another one. */
export const chromiumPath = (): string | undefined => {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const paths = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)))
  return [process.env['CHROMIUM'] ?? '', ...paths].find(isExecutable)
}

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage']

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath() ?? '', args: FLAGS })

/** What a page did that nobody should see: errors of its code, refusals of its policy, requests to other hosts. */
export interface Watched {
  readonly page: Page
  readonly errors: string[]
}

/** A limit that only a test that fails ever meets. */
const PATIENCE_MS = 15_000

/** Opens an empty page, and closes it with the test. */
export const openPage = async (browser: Browser, options: BrowserContextOptions = {}): Promise<Watched> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    const isNetwork = message.text().startsWith('Failed to load resource')
    if (message.type() === 'error' && !isNetwork) errors.push(message.text())
  })
  page.on('request', (request) => {
    const { hostname } = new URL(request.url())
    if (hostname !== '127.0.0.1') errors.push(`asked ${request.url()}`)
  })
  return { page, errors }
}

const OUTPUT = fileURLToPath(new URL('../../../test-output/page/', import.meta.url))

/** Keeps a picture of the page for people to look at. */
export const picture = async (page: Page, name: string): Promise<void> => {
  mkdirSync(OUTPUT, { recursive: true })
  await page.screenshot({ path: `${OUTPUT}${name}.png` })
}
