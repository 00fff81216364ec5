import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Format } from 'esbuild'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { BUILT, doesItsTaskAndEnds, PROGRAM } from './run-script.js'

const GUIDE = fileURLToPath(new URL('../../../docs/how-to/runtimes.md', import.meta.url))

/** The line that the guide gives for ES modules. */
const banner = (): string => {
  const [, line = ''] = /--banner:js="(.*)"/.exec(readFileSync(GUIDE, 'utf8')) ?? []
  return line
}

const bundled = async (format: Format): Promise<string> => {
  const outfile = join(temporaryFolder(), format === 'esm' ? 'worker.mjs' : 'worker.cjs')
  const { warnings } = await build({
    stdin: {
      contents: `import { Worker } from ${JSON.stringify(BUILT)}\n${PROGRAM}`,
      resolveDir: temporaryFolder(),
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format,
    outfile,
    logLevel: 'silent',
    ...(format === 'esm' && { banner: { js: banner() } }),
  })
  expect(warnings).toEqual([])
  return outfile
}

test.each(['esm', 'cjs'] as const)(
  'a worker that is bundled as %s by esbuild does its tasks and ends',
  async (format) => doesItsTaskAndEnds(await bundled(format)),
)

/** A copy of the built package, as it lies in the folder of a user who has not installed the package `absent`. */
const installedWithout = (absent: string): string => {
  const folder = temporaryFolder()
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
  cpSync(join(root, 'package.json'), join(folder, 'package.json'))
  mkdirSync(join(folder, 'node_modules'))
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== absent) symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  return join(folder, 'dist', 'index.js')
}

test('a user who has not installed OpenTelemetry can bundle a worker', async () => {
  const { warnings } = await build({
    entryPoints: [installedWithout('@opentelemetry')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    preserveSymlinks: true,
    logLevel: 'silent',
  })
  expect(warnings).toEqual([])
})
