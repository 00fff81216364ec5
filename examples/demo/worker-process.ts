import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface WorkerProcess {
  readonly pid: number | undefined
  /** Rejects when the process ends before it is told to. */
  readonly failed: Promise<never>
  stop(): Promise<void>
}

const SCRIPT = fileURLToPath(new URL('../image-worker/worker.ts', import.meta.url))

export const WORKER_ID = 'image-worker-1'

/** Starts the image worker as anybody would, in a process of its own, with the environment for its configuration. */
export const startWorkerProcess = (
  orchestratorUrl: string,
  workerToken: string,
  secretKey = '',
): WorkerProcess => {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), SCRIPT], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      WORKER_ID,
      WORKER_TOKEN: workerToken,
      WORKER_PORT: '0',
      ORCHESTRATOR_URL: orchestratorUrl,
      ORCHESTRATOR_PROTOCOL: 'auto',
      // Tasks are signed with it.
      ORCHESTRATOR_SECRET_KEY: secretKey,
      LOG_LEVEL: 'warn',
      // Progress goes up the socket.
      WORKER_ENABLE_WEBSOCKETS: 'true',
    },
  })
  const ended = once(child, 'exit')
  const failed = ended.then(([code, signal]) => {
    throw new Error(`the worker ended by itself (${signal ?? `exit code ${code}`}): what it said is above`)
  })
  // Whoever is not waiting for it any more does not mind.
  failed.catch(() => {})
  return {
    pid: child.pid,
    failed,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
