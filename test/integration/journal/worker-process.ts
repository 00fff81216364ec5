import { onTestFinished } from 'vitest'
import { compiledProgram } from '../../support/compiled-program.js'
import { Child } from '../../support/interop/child-process.js'
import { eventually } from '../../support/interop/eventually.js'

const PROGRAM = new URL('worker.child.ts', import.meta.url)

/** What makes a worker quick enough for a test. */
const QUICK = {
  HEARTBEAT_INTERVAL: '1',
  WORKER_HEARTBEAT_DEBOUNCE_DELAY: '0.01',
  TASK_POLL_ERROR_DELAY: '0.05',
  RESULT_RETRY_INITIAL_DELAY: '0.05',
  WORKER_SHUTDOWN_TIMEOUT: '2',
}

/** A worker in a process of its own, which a test can kill. */
export class WorkerProcess {
  readonly #child: Child

  private constructor(variables: NodeJS.ProcessEnv) {
    const env = { ...process.env, ...QUICK, ...variables }
    this.#child = new Child(process.execPath, [compiledProgram(PROGRAM)], { env })
    onTestFinished(() => this.#child.end('SIGKILL'))
  }

  /** Starts one that knows what is in `variables`, and waits until it has begun or refused to. */
  static async start(variables: NodeJS.ProcessEnv): Promise<WorkerProcess> {
    const started = new WorkerProcess(variables)
    await started.says(/^(started|refused) /)
    return started
  }

  get lines(): string[] {
    return this.#child.output.split('\n').slice(0, -1)
  }

  get hasEnded(): boolean {
    return this.#child.hasEnded
  }

  async says(what: string | RegExp): Promise<string> {
    const fits = (line: string) => (typeof what === 'string' ? line === what : what.test(line))
    return eventually(
      `the worker says ${what}`,
      () => this.lines.find(fits),
      {},
      () => this.#child.output,
    )
  }

  kill(): Promise<void> {
    return this.#child.end('SIGKILL')
  }

  stop(): Promise<void> {
    return this.#child.end('SIGTERM')
  }

  async ended(): Promise<void> {
    await this.#child.ended()
  }
}
