import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Suites with real servers to start run alone, after the others, and may take minutes. */
const slow = new Set(['interop', 'chaos', 'browser', 's3'])

/** One project per folder of `test/`: `npx vitest run --project unit`. */
const suites = readdirSync(at('./test'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .filter((name) => name !== 'support' && name !== 'types')

/** What a suite needs before its first test. */
const preparations: Readonly<Record<string, string>> = {
  interop: at('./test/support/interop/prepare.ts'),
}

const project = (name: string) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    ...(preparations[name] && { globalSetup: preparations[name] }),
    setupFiles: [at('./test/support/state-home.ts')],
    ...(slow.has(name)
      ? { testTimeout: 180_000, hookTimeout: 600_000, fileParallelism: false, sequence: { groupOrder: 1 } }
      : { testTimeout: 30_000, hookTimeout: 60_000 }),
  },
})

export default defineConfig({
  resolve: {
    alias: [
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
