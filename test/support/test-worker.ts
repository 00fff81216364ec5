import { Worker, WorkerConfig, type WorkerOptions } from 'avtomatika-worker'
import { pino } from 'pino'
import { expect, onTestFailed, onTestFinished, vi } from 'vitest'
import { withAnyTask } from './any-task.js'
import type { CallKind, RawOrchestrator } from './raw-orchestrator.js'

type Variables = NonNullable<ConstructorParameters<typeof WorkerConfig>[0]>

export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly err?: { readonly message: string }
  readonly [field: string]: unknown
}

/** A token that nothing may ever show. */
export const SECRET = 'secret-token-that-nobody-may-see'

export interface TestWorkerOptions extends Omit<WorkerOptions, 'config' | 'logger'> {
  readonly url: string
  readonly variables?: Variables
}

/** A worker towards one test's server, with its log. The test may end it; if not, it is ended then. */
export const testWorker = ({ url, variables, ...options }: TestWorkerOptions) => {
  const lines: LogLine[] = []
  const waiting: (() => void)[] = []
  onTestFailed(() => console.log(lines.map((line) => JSON.stringify(line)).join('\n')))
  const logger = pino(
    { level: 'debug', base: null },
    {
      write: (line: string) => {
        lines.push(JSON.parse(line))
        for (const look of waiting.splice(0)) look()
      },
    },
  )
  const config = new WorkerConfig({
    WORKER_ID: 'w1',
    ORCHESTRATOR_URL: url,
    // The servers of these tests answer anything they do not know with 200.
    ORCHESTRATOR_PROTOCOL: 'classic',
    WORKER_TOKEN: SECRET,
    WORKER_PORT: 0,
    WORKER_SHUTDOWN_TIMEOUT: 2,
    ...variables,
  })
  const worker = withAnyTask(new Worker({ ...options, config, logger }))
  onTestFinished(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
    return worker.stop({ pollGraceMs: 0 })
  })
  return {
    worker,
    /** Comes back when a line with this in its message has been logged. */
    said: async (text: string): Promise<LogLine> => {
      for (;;) {
        const line = lines.find(({ msg }) => msg.includes(text))
        if (line) return line
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
    /** Everything that was logged, from `level` on. */
    logged: (level: 'info' | 'warn' | 'error' = 'info') =>
      lines.filter((line) => line.level >= { info: 30, warn: 40, error: 50 }[level]),
  }
}

/** Moves the clocks of the package by hand; sockets stay real. The dice always come up with the longest pause. */
export const holdTime = (): void => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  vi.spyOn(Math, 'random').mockReturnValue(1)
}

/**
 * Sees that after each answer to a request of this kind the next one waits out its pause. Time has to be held.
 *
 * @param before what happens while a pause lasts
 */
export const expectPauses = async (
  orchestrator: RawOrchestrator,
  kind: CallKind,
  pausesMs: readonly number[],
  before: (pauseMs: number) => void = () => {},
): Promise<void> => {
  for (const pauseMs of pausesMs) {
    await orchestrator.answered(kind)
    const calls = orchestrator.calls(kind).length
    before(pauseMs)
    await vi.advanceTimersByTimeAsync(pauseMs - 1)
    await orchestrator.fence()
    expect(orchestrator.calls(kind)).toHaveLength(calls)
    await vi.advanceTimersByTimeAsync(1)
  }
}

/** A promise and its end. */
export const gate = <T = void>() => {
  let open: (value: T) => void = () => {}
  const opened = new Promise<T>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
