import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { build, type Format } from 'esbuild'
import { expect, onTestFinished, test } from 'vitest'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const BUILT = fileURLToPath(new URL('../../../dist/index.js', import.meta.url))
const GUIDE = fileURLToPath(new URL('../../../docs/production.md', import.meta.url))

/** The line that the guide gives for ES modules. */
const banner = (): string => {
  const [, line = ''] = /--banner:js="(.*)"/.exec(readFileSync(GUIDE, 'utf8')) ?? []
  return line
}

const PROGRAM = `
import { Worker } from ${JSON.stringify(BUILT)}

const worker = new Worker()
worker.task('echo', async (params, { files }) => {
  await files.write('note.txt', 'hello')
  return { data: { ...params, note: await files.read('note.txt') } }
})
void worker.runWithHealthCheck()
`

const bundled = async (format: Format): Promise<string> => {
  const outfile = join(temporaryFolder(), format === 'esm' ? 'worker.mjs' : 'worker.cjs')
  const { warnings } = await build({
    stdin: { contents: PROGRAM, resolveDir: temporaryFolder(), loader: 'ts' },
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
  async (format) => {
    const orchestrator = await RawOrchestrator.start()
    // The package for sockets is loaded with the first socket, from within the bundle.
    const dialed = new Promise<void>((resolve) =>
      orchestrator.upgrades((_, socket) => {
        socket.destroy()
        resolve()
      }),
    )
    const script = await bundled(format)
    const child = spawn(process.execPath, [script], {
      // No package is found from there.
      cwd: temporaryFolder(),
      env: {
        PATH: process.env['PATH'],
        ORCHESTRATOR_URL: orchestrator.url,
        WORKER_PORT: '0',
        WORKER_STATE_DIR: temporaryFolder(),
        TASK_FILES_DIR: temporaryFolder(),
        WORKER_ENABLE_WEBSOCKETS: 'true',
        HEARTBEAT_INTERVAL: '0.2',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said = Promise.all([text(child.stdout), text(child.stderr)])
    const ended = once(child, 'close')
    onTestFinished(async () => {
      child.kill('SIGKILL')
      await ended
    })
    const early = ended.then(async ([code]) => {
      throw new Error(`ended with ${code}: ${(await said).join('\n')}`)
    })
    early.catch(() => {})
    orchestrator.offer('echo', { n: 1 }, 't1')
    const { body } = await Promise.race([orchestrator.answered('result'), early])
    expect(body.result).toEqual({ status: 'success', data: { n: 1, note: 'hello' } })
    await Promise.race([dialed, early])
    child.kill('SIGTERM')
    orchestrator.endPoll()
    await ended
    expect(child.exitCode).toBe(0)
  },
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
