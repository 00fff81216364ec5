import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { compiledProgram } from '../compiled-program.js'

const PROGRAM = new URL('worker.child.ts', import.meta.url)

/** What makes a worker quick enough for a test. */
const QUICK = {
  HEARTBEAT_INTERVAL: '0.5',
  WORKER_HEARTBEAT_DEBOUNCE_DELAY: '0.01',
  TASK_POLL_TIMEOUT: '1',
  TASK_POLL_ERROR_DELAY: '0.01',
  RESULT_RETRY_INITIAL_DELAY: '0.01',
  WORKER_SHUTDOWN_TIMEOUT: '2',
}

/** How a process has ended. */
export interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Whatever it wrote to its standard error. */
  readonly complaint: string
}

/**
 * A worker's process from its start to its end, every line that it says passed on as it comes. Made early, it has loaded
 * everything by the time it begins.
 */
export class WorkerLife {
  /** Resolves when it has ended and everything that it said has been heard. */
  readonly ended: Promise<End>
  readonly #process: ChildProcess

  /** @param onLine - gets the first word of a line, and the rest */
  constructor(variables: NodeJS.ProcessEnv, onLine: (word: string, rest: string) => void) {
    const env = { ...process.env, ...QUICK, ...variables }
    const child = spawn(process.execPath, [compiledProgram(PROGRAM)], { env })
    this.#process = child
    // It may be gone before it was told to begin.
    child.stdin.on('error', () => {})
    const lines = createInterface({ input: child.stdout })
    lines.on('line', (line) => {
      const [word = '', ...rest] = line.split(' ')
      onLine(word, rest.join(' '))
    })
    this.ended = endOf(child)
    onTestFinished(async () => {
      this.signal('SIGKILL')
      await this.ended
    })
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  begin(): void {
    this.#process.stdin?.end('begin')
  }

  signal(signal: 'SIGKILL' | 'SIGTERM'): void {
    if (!this.hasEnded) this.#process.kill(signal)
  }
}

const endOf = async (child: ReturnType<typeof spawn>): Promise<End> => {
  const complaint = child.stderr ? text(child.stderr) : ''
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, complaint: await complaint }
}
