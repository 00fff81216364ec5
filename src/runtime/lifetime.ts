import { StateError } from '../errors.js'
import type { WorkerState } from '../events.js'
import type { Readiness } from '../observability/snapshot.js'
import { States } from '../utils/states.js'
import type { Foundation } from './foundation.js'
import { untilStopped } from './run-until-signal.js'
import type { Runtime } from './runtime.js'
import { startWarnings } from './start-warnings.js'
import { alreadyStarted, noTasks, WORKER_MOVES } from './worker-states.js'

/** The states of a worker. It starts and stops once. */
export class Lifetime {
  readonly #foundation: Foundation
  readonly #runtime: Runtime
  readonly #state: States<WorkerState>
  readonly #hurry = new AbortController()
  #stopped: Promise<void> | undefined

  constructor(foundation: Foundation, runtime: Runtime) {
    const { events } = foundation
    this.#foundation = foundation
    this.#runtime = runtime
    this.#state = new States('The worker', 'created', WORKER_MOVES, (from, to) =>
      events.emit('stateChanged', { from, to }),
    )
  }

  get state(): WorkerState {
    return this.#state.now
  }

  /** Whether the worker can get tasks now, and the reason if it cannot. */
  get readiness(): Readiness {
    const trouble = this.state === 'running' ? this.#runtime.trouble : `the worker is ${this.state}`
    const reason = trouble ?? this.#runtime.concern
    return { ready: trouble === undefined, ...(reason !== undefined && { reason }) }
  }

  /** @throws StateError if the worker is draining or stopped */
  refuseLateTask(name: string): void {
    if (this.state === 'draining' || this.state === 'stopped')
      throw new StateError(`Task "${name}" registered too late: the worker is ${this.state}`)
  }

  /** @throws StateError if the worker has been started, or has no task */
  refuseStart(isStarting = false): void {
    if (isStarting || this.state !== 'created') throw alreadyStarted(this.state)
    if (this.#foundation.registry.all().length === 0) throw noTasks()
  }

  /** The worker is running from now on. @throws StateError as {@link refuseStart} does */
  begin(): void {
    this.refuseStart()
    const { registry, settings, context, log } = this.#foundation
    context.capture()
    this.#state.move('running')
    const commands = this.#runtime.commands.count
    for (const warning of startWarnings(registry.all(), settings, commands)) log.warn({}, warning)
  }

  /** Drains the worker. A second call returns the promise of the first call. */
  stop(pollGraceMs: number): Promise<void> {
    // A handler may call this method, and the drain must not inherit the context of its task.
    this.#stopped ??= this.#foundation.context.run(() => this.#stop(pollGraceMs))
    return this.#stopped
  }

  /** Cuts the draining short. */
  hurry(): void {
    this.#hurry.abort()
  }

  /** Resolves when the worker has stopped. */
  untilStopped(): Promise<void> {
    return untilStopped(this.#state, this.#foundation.events)
  }

  async #stop(pollGraceMs: number): Promise<void> {
    if (this.state === 'created') {
      this.#state.move('stopped')
      return
    }
    this.#state.move('draining')
    await this.#runtime.stop(pollGraceMs, this.#hurry.signal)
    this.#state.move('stopped')
  }
}
