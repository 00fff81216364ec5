import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A worker in a process of its own. */
export interface WorkerProcess {
  readonly pid: number | undefined
  /** What the process has printed so far. */
  readonly output: string
  /** Resolves when the process has ended: its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
}

/** How to start a worker in a process of its own. */
export interface StartWorkerOptions {
  /** Variables for the worker, besides those of this process and the address and the token of the orchestrator. */
  readonly env?: Readonly<Record<string, string>>
  /** Arguments for Node, such as `['--import', 'tsx']`. Default: those of this process. */
  readonly execArgv?: readonly string[]
  /** Default: the current directory. */
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
