import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A worker in its own process, see {@link TestOrchestrator.startWorker}. */
export interface WorkerProcess {
  /** The id of the process. `undefined` if the process could not be started. */
  readonly pid: number | undefined
  /** The output of the process so far: standard output and standard error. */
  readonly output: string
  /** Resolves to the exit code of the process, or to the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
}

/** The options of {@link TestOrchestrator.startWorker}. */
export interface StartWorkerOptions {
  /**
   * Environment variables of the worker. It also gets the variables of this process, and the address and the token of the
   * orchestrator. Default: none.
   */
  readonly env?: Readonly<Record<string, string>>
  /** The arguments of Node, such as `['--import', 'tsx']`. Default: the arguments of this process. */
  readonly execArgv?: readonly string[]
  /** The working directory. Default: the current directory. */
  readonly cwd?: string
}

/** The command beside this file: JavaScript in the package, TypeScript in its sources. */
const COMMAND = fileURLToPath(new URL(`../cli/main${extname(import.meta.url)}`, import.meta.url))

/** `avtomatika-worker run` in a child process. */
export class ChildWorker implements WorkerProcess {
  readonly #child: ChildProcess
  readonly ended: Promise<number | NodeJS.Signals>
  #output = ''

  constructor(
    path: string,
    env: NodeJS.ProcessEnv,
    { execArgv = process.execArgv, cwd }: StartWorkerOptions,
  ) {
    this.#child = spawn(process.execPath, [...execArgv, COMMAND, 'run', path], {
      env,
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    // `close` comes after the last output.
    this.ended = once(this.#child, 'close').then(([code, signal]) => code ?? signal)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get output(): string {
    return this.#output
  }

  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    this.#child.kill(signal)
    return this.ended
  }
}
