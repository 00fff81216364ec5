import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Worker, WorkerConfig } from 'avtomatika-worker'
import { type OrchestratorOptions, startOrchestrator } from 'avtomatika-worker/dev'
import { pino } from 'pino'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { z } from 'zod'
import { chromiumPath, launch, openPage } from './chromium.js'

/** The client token of the orchestrators of these tests. */
export const TOKEN = 'of-the-client'

/** A text that breaks a page which takes it for code. */
export const HOSTILE = `<img src=x onerror=alert(1)>"'&</script><script>alert(2)</script>\u202e\u0000\u001b[31m${'ä'.repeat(40)}`

/** Whether the tests of the page have to be skipped. */
export const isMissing = chromiumPath() === undefined
if (isMissing)
  console.log('The tests of the page are skipped: there is no Chromium (apt-get install chromium)')

/** One browser for the tests of a file. */
export const useBrowser = (): (() => Browser) => {
  let browser: Browser | undefined
  beforeAll(async () => {
    if (!isMissing) browser = await launch()
  })
  afterAll(() => browser?.close())
  return () => browser as Browser
}

/** An orchestrator that keeps jobs until a worker takes them. */
export const start = async (options: OrchestratorOptions = {}) => {
  const orchestrator = await startOrchestrator({ clientToken: TOKEN, waitForWorker: true, ...options })
  onTestFinished(() => orchestrator.close())
  return orchestrator
}

export type Orchestrator = Awaited<ReturnType<typeof start>>

/** A worker that does `resize`, fails at `break`, and holds `hold` until it is cancelled. */
export const work = async (orchestrator: Orchestrator, variables: object = {}) => {
  const write = (line: string) => orchestrator.recordLog(line)
  const logger = pino({ level: 'info', base: null }, { write })
  const config = new WorkerConfig({
    ORCHESTRATOR_URL: orchestrator.url,
    WORKER_ID: 'w1',
    ORCHESTRATOR_PROTOCOL: 'rxon',
    WORKER_ENABLE_WEBSOCKETS: true,
    ...variables,
  })
  const worker = new Worker({ workerType: 'media', config, logger, maxConcurrentTasks: 3 })
  onTestFinished(() => worker.stop({ pollGraceMs: 0 }))
  const params = z.object({
    url: z.string().describe('Address of the picture'),
    width: z.number().int().min(1).max(4_000).default(320),
    format: z.enum(['webp', 'png']),
    keepRatio: z.boolean().default(true),
    crop: z.object({ x: z.number() }).optional(),
  })
  worker.task('resize', { params, description: 'Makes a picture smaller' }, ({ width, format }, { log }) => {
    log.warn({}, `fetched ${HOSTILE}`)
    return { width, format }
  })
  worker.task('break', (): object => {
    throw new Error(`cannot go on ${HOSTILE}`)
  })
  worker.task('hold', async (_, { progress, signal }) => {
    progress(0.42, `minute 12 ${HOSTILE}`)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    return {}
  })
  await worker.start()
  await orchestrator.waitForWorker('resize')
  return worker
}

/** Opens the page as the link of the terminal does. */
export const open = async (
  browser: Browser,
  orchestrator: Orchestrator,
  path = '',
  options: BrowserContextOptions = {},
) => {
  const { page, errors } = await openPage(browser, options)
  await page.goto(`${orchestrator.url}/${path}#token=${TOKEN}`)
  await page.getByText('Live', { exact: true }).waitFor()
  return { page, errors }
}

/** The row of a job that contains a text. */
export const row = (page: Page, text: string) => page.locator('.job-row', { hasText: text })

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Runs in the page. */
const RUN_AXE = `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`

interface AxeResults {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
  }[]
}

/** What axe finds fault with, by WCAG 2.2 AA and its best practices. */
export const violations = async (page: Page): Promise<string[]> => {
  await page.evaluate(AXE)
  const found = await page.evaluate<AxeResults>(RUN_AXE)
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  )
}
