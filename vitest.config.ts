import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/**
 * Tests mostly wait, for sockets, processes and orchestrators: more of their files run at once than there are processors.
 * Each file has ports, folders and servers of its own.
 */
const AT_ONCE = Math.max(4, availableParallelism())

/** Suites that run at the same time; the groups run one after another. */
const group = (groupOrder: number, maxWorkers: number) => ({ maxWorkers, sequence: { groupOrder } })

/** A limit that only a test that hangs ever meets: a busy machine takes its time. */
const patience = (seconds: number) => ({ testTimeout: seconds * 1_000, hookTimeout: 600_000 })

const QUICK = { ...patience(120), ...group(0, AT_ONCE) }
/** Suites with real servers to start. */
const SLOW = { ...patience(180), ...group(1, 1.5 * AT_ONCE) }
/** Many worker processes each, which leave no processor idle. */
const HEAVY = { ...patience(300), ...group(2, 2) }

const pace: Readonly<Record<string, object>> = { interop: SLOW, browser: SLOW, s3: SLOW, chaos: HEAVY }

/** One project per folder of `test/`: `npx vitest run --project unit`. */
const suites = readdirSync(at('./test'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .filter((name) => name !== 'support' && name !== 'types')

/** What a suite needs before its first test. */
const preparations: Readonly<Record<string, string>> = {
  interop: at('./test/support/interop/prepare.ts'),
  browser: at('./test/support/browser/prepare.ts'),
}

const LEFT_OPEN = at('./test/support/left-open/setup.ts')
const STATE_HOME = at('./test/support/state-home.ts')

const project = (name: string) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    ...(preparations[name] && { globalSetup: preparations[name] }),
    setupFiles: pace[name] ? [STATE_HOME] : [LEFT_OPEN, STATE_HOME],
    ...(pace[name] ?? QUICK),
  },
})

export default defineConfig({
  resolve: {
    alias: [
      { find: /^avtomatika-worker\/client$/, replacement: at('./src/client/index.ts') },
      { find: /^avtomatika-worker\/testing$/, replacement: at('./src/testing/index.ts') },
      { find: /^avtomatika-worker\/dev$/, replacement: at('./src/dev/index.ts') },
      { find: /^avtomatika-worker$/, replacement: at('./src/index.ts') },
    ],
  },
  test: {
    projects: suites.map(project),
    reporters: ['default', at('./test/support/interop/summary-reporter.ts'), at('./scripts/tally.mjs')],
    coverage: { include: ['src/**'], reporter: ['text-summary', 'html'] },
  },
})
