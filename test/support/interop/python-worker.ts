import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFailed, onTestFinished } from 'vitest'
import { Child } from './child-process.js'
import { interpreterOf } from './each-orchestrator.js'
import { freePort } from './free-port.js'

const SCRIPT = fileURLToPath(new URL('worker.py', import.meta.url))
const RUNNER = fileURLToPath(new URL('program.py', import.meta.url))

/** What a worker in Python has to know. */
export interface PythonSetup {
  readonly id: string
  readonly url: string
  readonly token: string
  /** It verifies the tasks' signatures with it; 1.0b2 knows none. */
  readonly secretKey: string
}

/**
 * Starts a worker on the published Python SDK for one test, which ends it.
 *
 * @param program path of the worker, instead of the worker of the interop suite
 */
export const startPythonWorker = async (
  version: string,
  setup: PythonSetup,
  program?: string,
): Promise<Child> => {
  const interpreter = await interpreterOf(`worker-${version}`)
  const folder = await mkdtemp(join(tmpdir(), 'avtomatika-python-'))
  const env = {
    PATH: process.env['PATH'],
    PYTHONUNBUFFERED: '1',
    WORKER_ID: setup.id,
    WORKER_TOKEN: setup.token,
    WORKER_PORT: String(await freePort()),
    ORCHESTRATOR_URL: setup.url,
    ORCHESTRATOR_SECRET_KEY: setup.secretKey,
    HEARTBEAT_INTERVAL: '1',
    TASK_FILES_DIR: join(folder, 'payloads'),
    WORKER_BLOB_CACHE_DIR: join(folder, 'cache'),
    WORKER_SKILLS_DIR: join(folder, 'skills'),
  }
  const child = new Child(interpreter, program ? [RUNNER, program] : [SCRIPT], { cwd: folder, env })
  onTestFailed(() => console.log(child.output))
  onTestFinished(async () => {
    await child.end()
    await rm(folder, { recursive: true, force: true })
  })
  return child
}
