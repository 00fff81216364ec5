import { type ChildProcess, spawn } from 'node:child_process'

const OUTPUT_KEPT = 20_000

const withResolver = <T>() => {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** A program that was started for the tests, in a process group of its own. */
export class Child {
  readonly #process: ChildProcess
  readonly #ended: Promise<void>
  readonly #wrote = new Set<() => void>()
  #output = ''

  constructor(
    command: string,
    args: readonly string[],
    options: { cwd?: string; env?: NodeJS.ProcessEnv; uid?: number; gid?: number } = {},
  ) {
    // Its standard input stays open as long as this process lives: the programs started here end when it closes.
    this.#process = spawn(command, args, { ...options, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#ended = new Promise((resolve) => {
      this.#process.once('close', () => resolve()).once('error', () => resolve())
    })
    this.#process.on('error', (error) => this.#keep(String(error)))
    this.#process.stdin?.on('error', () => {})
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => this.#keep(text))
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => this.#keep(text))
  }

  #keep(text: string): void {
    this.#output = (this.#output + text).slice(-OUTPUT_KEPT)
    for (const look of this.#wrote) look()
  }

  /** `undefined` if it could not be started. */
  get pid(): number | undefined {
    return this.#process.pid
  }

  get hasEnded(): boolean {
    return (
      this.#process.exitCode !== null || this.#process.signalCode !== null || this.#process.pid === undefined
    )
  }

  /** The end of what it wrote, both streams together. */
  get output(): string {
    return this.#output
  }

  /** Waits until it has written what `pattern` describes. Rejects when it ends without. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const { promise, resolve } = withResolver<RegExpExecArray>()
    const look = () => {
      const found = pattern.exec(this.#output)
      if (found) resolve(found)
    }
    this.#wrote.add(look)
    look()
    const silent = this.#ended.then(() => {
      throw new Error(`it ended without saying ${pattern}:\n${this.#output}`)
    })
    return Promise.race([promise, silent]).finally(() => this.#wrote.delete(look))
  }

  /** Writes a line to its standard input. */
  tell(line: string): void {
    this.#process.stdin?.write(`${line}\n`)
  }

  /** Sends the signal to the whole group and waits until the program has ended. */
  async end(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    const { pid } = this
    if (pid === undefined || this.hasEnded) return
    process.kill(-pid, signal)
    await this.#ended
  }

  /** Waits until the program has ended by itself. */
  async ended(): Promise<number | null> {
    await this.#ended
    return this.#process.exitCode
  }
}
