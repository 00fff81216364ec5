import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const at = (path: string) => JSON.stringify(pathToFileURL(fileURLToPath(new URL(path, import.meta.url))).href)
const BUILT = at('../../../dist/index.js')
const API = at('../../../node_modules/@opentelemetry/api/build/src/index.js')
const SDK = at('../../../node_modules/@opentelemetry/sdk-trace-node/build/src/index.js')

/** Writes the address of each module that is loaded. */
const HOOKS = `data:text/javascript,${encodeURIComponent(`
import { writeSync } from 'node:fs'
export const load = (url, context, next) => {
  writeSync(2, 'loaded ' + url + '\\n')
  return next(url, context)
}`)}`

/** Hides the package, as if it were not installed. */
const HIDING = `data:text/javascript,${encodeURIComponent(`
export const resolve = (specifier, context, next) => {
  if (specifier !== '@opentelemetry/api') return next(specifier, context)
  throw Object.assign(new Error("Cannot find package '@opentelemetry/api'"), { code: 'ERR_MODULE_NOT_FOUND' })
}`)}`

const PROGRAM = `
import { Worker } from ${BUILT}
const worker = new Worker()
worker.task('echo', (params) => ({ data: params }))
worker.on('resultDelivered', () => void worker.stop({ pollGraceMs: 0 }))
await worker.start()
`

/** Runs a worker for one task, and returns what it logged and which modules it has loaded. */
const run = async (before: string) => {
  const orchestrator = await RawOrchestrator.start()
  const folder = temporaryFolder()
  const script = join(folder, 'worker.mjs')
  writeFileSync(
    join(folder, 'before.mjs'),
    `import { register } from 'node:module'\n${before}\nregister(${JSON.stringify(HOOKS)})`,
  )
  writeFileSync(script, PROGRAM)
  const child = spawn(process.execPath, ['--import', join(folder, 'before.mjs'), script], {
    env: {
      PATH: process.env['PATH'],
      ORCHESTRATOR_URL: orchestrator.url,
      ORCHESTRATOR_PROTOCOL: 'classic',
      WORKER_STATE_DIR: temporaryFolder(),
      TASK_FILES_DIR: temporaryFolder(),
      LOG_FORMAT: 'json',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const said = Promise.all([text(child.stdout), text(child.stderr)])
  orchestrator.offer('echo', { n: 1 })
  const early = ended.then(async () => {
    throw new Error(`the worker ended early: ${(await said).join('\n')}`)
  })
  early.catch(() => {})
  const { body } = await Promise.race([orchestrator.answered('result'), early])
  expect(body.result).toEqual({ status: 'success', data: { n: 1 } })
  await ended
  expect(child.exitCode).toBe(0)
  const [log, loaded] = await said
  return { log, loaded: loaded.split('\n').filter((line) => line.startsWith('loaded file:')) }
}

const ofTracing = (loaded: readonly string[]) =>
  loaded.filter((line) => line.includes('@opentelemetry') || line.includes('/tracing/open-telemetry'))

test('without OpenTelemetry, a worker loads nothing of it', async () => {
  const { loaded, log } = await run('')
  expect(loaded.length).toBeGreaterThan(100)
  expect(ofTracing(loaded)).toEqual([])
  expect(log).not.toContain('OpenTelemetry')
})

test('an application that only imports the API has not set it up', async () => {
  const { loaded } = await run(`await import(${API})`)
  expect(ofTracing(loaded)).toEqual([])
})

test('with a tracer provider, a worker loads the API and its own part', async () => {
  const { loaded } = await run(
    `const { NodeTracerProvider } = await import(${SDK})\nnew NodeTracerProvider().register()`,
  )
  expect(ofTracing(loaded).join()).toContain('/tracing/open-telemetry.js')
})

test('if the API cannot be loaded, a warning tells what to install, and tasks run', async () => {
  const { log } = await run(
    `globalThis[Symbol.for('opentelemetry.js.api.1')] = { version: '1.9.0', trace: {} }\nregister(${JSON.stringify(HIDING)})`,
  )
  expect(log).toContain('@opentelemetry/api cannot be loaded')
})
