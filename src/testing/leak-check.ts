import { getActiveResourcesInfo } from 'node:process'
import { AvtomatikaError } from '../errors.js'
import { monotonicMs, nextTurn, sleep } from '../utils/time.js'

/** What keeps a process alive and belongs to a worker, a client or an orchestrator. */
const WATCHED: Readonly<Record<string, string>> = {
  Timeout: 'timer',
  TCPServerWrap: 'server',
  TCPSocketWrap: 'connection',
  TLSWrap: 'TLS connection',
  ProcessWrap: 'child process',
  FSEventWrap: 'file watcher',
}

/** How long connections may take to close, in ms. */
const GRACE_MS = 2_000
const STEP_MS = 10

type Counts = ReadonlyMap<string, number>

const count = (): Counts => {
  const counts = new Map<string, number>()
  for (const type of getActiveResourcesInfo())
    if (type in WATCHED) counts.set(type, (counts.get(type) ?? 0) + 1)
  return counts
}

/** Returns what is there now and was not before, in words. Pure. */
const leaksBetween = (before: Counts, now: Counts): readonly string[] =>
  [...now].flatMap(([type, many]) => {
    const more = many - (before.get(type) ?? 0)
    return more > 0 ? [`${more} × ${WATCHED[type] ?? type}`] : []
  })

/** A test has left something open. Code `LEAK`. */
export class LeakError extends AvtomatikaError {
  /** The open resources, such as `1 × server`. */
  readonly leaks: readonly string[]

  constructor(leaks: readonly string[]) {
    super(
      'LEAK',
      `Left open: ${leaks.join(', ')}. Next: stop each worker, close each orchestrator and client, and await it`,
    )
    this.leaks = leaks
  }
}

/** A check for resources that a test has left open, see {@link leakCheck}. */
export interface LeakCheck extends AsyncDisposable {
  /**
   * Waits up to 2 s until all timers, servers, connections, child processes and file watchers of the test are closed.
   *
   * @throws LeakError with the list of open resources
   */
  check(): Promise<void>
}

/**
 * Starts a check for leaks. It records the resources that are open now. `check()`, or the end of the block with `await using`,
 * throws a {@link LeakError} if more are open then.
 *
 * @example
 * await using leaks = leakCheck()
 * await using orchestrator = await startOrchestrator()
 */
export const leakCheck = (): LeakCheck => {
  const before = count()
  const check = async (): Promise<void> => {
    const dueMs = monotonicMs() + GRACE_MS
    for (;;) {
      // Without a timer of its own: what is open is counted right after this turn.
      await new Promise<void>((resolve) => nextTurn(resolve))
      const leaks = leaksBetween(before, count())
      if (leaks.length === 0) return
      if (monotonicMs() >= dueMs) throw new LeakError(leaks)
      await sleep(STEP_MS)
    }
  }
  return { check, [Symbol.asyncDispose]: check }
}
