import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { after, monotonicMs, type Timer } from '../../utils/time.js'

/** Time for running handlers when the worker is replaced, in s, unless `WORKER_SHUTDOWN_TIMEOUT` says otherwise. */
const DRAIN_S = '0.4'
/** When the drain is cut short, in ms: later than the time in which the worker counts a repeated signal once. */
const HURRY_MS = 650
/** When a process that ignores both signals is killed, in ms. */
const KILL_MS = 950

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url))

/** What a {@link WorkerProcess} tells. */
export interface WorkerProcessOwner {
  /** The process ended by itself. */
  endedAlone(code: number | null): void
  /** A new process runs after changes. @param ms how long the old one took to end */
  replaced(ms: number): void
  /** The process has printed a line. Without this method, its output goes to the standard output of this process. */
  printed?(line: string): void
}

/** One process that runs the worker of a file. It is replaced when the code changes. */
export class WorkerProcess {
  readonly #path: string
  readonly #environment: NodeJS.ProcessEnv
  readonly #owner: WorkerProcessOwner
  #child: ChildProcess | undefined
  #stopping: Promise<void> | undefined
  #isWanted = true
  #mustRestart = false

  constructor(path: string, environment: NodeJS.ProcessEnv, owner: WorkerProcessOwner) {
    this.#path = path
    this.#environment = { WORKER_SHUTDOWN_TIMEOUT: DRAIN_S, ...environment }
    this.#owner = owner
  }

  /** Whether the process runs. */
  get isRunning(): boolean {
    return this.#child !== undefined
  }

  start(): void {
    const args = [...process.execArgv, MAIN, 'run', this.#path, '--child']
    const child = spawn(process.execPath, args, {
      env: this.#environment,
      stdio: ['ignore', this.#owner.printed ? 'pipe' : 'inherit', 'inherit', 'ipc'],
    })
    if (child.stdout)
      createInterface({ input: child.stdout }).on('line', (line) => this.#owner.printed?.(line))
    this.#child = child
    child.once('exit', (code) => this.#ended(child, code))
    child.once('error', () => this.#ended(child, null))
  }

  /** Replaces the process. Calls during a replacement count as one more. */
  restart(): void {
    if (!this.#isWanted) return
    if (this.#mustRestart) return
    this.#mustRestart = true
    void this.#replace()
  }

  /** Ends the process for good. @param signal - the terminal may have sent it to the process, too */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#isWanted = false
    await this.#end(signal)
  }

  async #replace(): Promise<void> {
    const startedMs = monotonicMs()
    await this.#end('SIGTERM')
    this.#mustRestart = false
    if (!this.#isWanted) return
    this.start()
    this.#owner.replaced(monotonicMs() - startedMs)
  }

  #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child) return Promise.resolve()
    this.#stopping ??= new Promise((resolve) => {
      const timers: Timer[] = [
        after(HURRY_MS, () => child.kill(signal)),
        after(KILL_MS, () => child.kill('SIGKILL')),
      ]
      child.once('exit', () => {
        for (const timer of timers) timer.cancel()
        this.#stopping = undefined
        resolve()
      })
      child.kill(signal)
    })
    return this.#stopping
  }

  #ended(child: ChildProcess, code: number | null): void {
    if (this.#child !== child) return
    this.#child = undefined
    if (!this.#stopping) this.#owner.endedAlone(code)
  }
}
